// Limits how often a client may send a password, to sign up or to sign in. Both use the same queue of passwords.
import type { Context } from "hono";
import { clientAddress } from "#lib/client-address";
import { RateLimiter } from "#lib/rate-limit";
import type { Env } from "../../env.ts";

const MINUTE_MS = 60_000;

export class PasswordLimit {
  readonly #perAccount: RateLimiter;
  readonly #perAddress: RateLimiter;
  readonly #addressOf: (c: Context) => string;

  constructor(env: Env) {
    const limit = env.LOGIN_RATE_LIMIT;
    this.#perAccount = new RateLimiter({ limit, windowMs: MINUTE_MS });
    this.#perAddress = new RateLimiter({ limit: limit * 30, windowMs: MINUTE_MS });
    this.#addressOf = clientAddress(env);
  }

  /** Counts a sign-up. @throws {Problem} 429 */
  checkSignUp(c: Context): void {
    this.#perAddress.check(this.#addressOf(c));
  }

  /** Counts an attempt to sign in. @throws {Problem} 429 */
  checkSignIn(c: Context, email: string): void {
    const address = this.#addressOf(c);
    this.#perAddress.check(address);
    this.#perAccount.check(`${address} ${email.toLowerCase()}`);
  }
}

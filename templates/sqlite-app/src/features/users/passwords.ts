// Hashes and verifies passwords with argon2id, a limited number at a time: each takes a thread and 19 MiB.
import { z } from "zod";
import type { Env } from "../../env.ts";
import { Semaphore } from "../../semaphore.ts";

/** OWASP's first choice for argon2id: 19 MiB, two passes (Password Storage Cheat Sheet). */
const ARGON2ID = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** Valid Unicode: UTF-8, which is hashed, has the same bytes for every lone surrogate. */
export const password = z
  .string()
  .max(256)
  .refine((value) => value.isWellFormed(), { error: "must be valid Unicode" });

type PasswordLimits = Pick<Env, "PASSWORD_CONCURRENCY" | "PASSWORD_QUEUE">;

export class Passwords {
  readonly #semaphore: Semaphore;
  /** Verified if the user does not exist, so that the response takes as long as for a wrong password. */
  readonly #dummyHash = hash(crypto.randomUUID());

  constructor({ PASSWORD_CONCURRENCY, PASSWORD_QUEUE }: PasswordLimits) {
    const limits = { concurrency: PASSWORD_CONCURRENCY, queue: PASSWORD_QUEUE };
    this.#semaphore = new Semaphore("Too many passwords are waiting: try again.", limits);
  }

  /** @throws {Problem} 503 if too many passwords are waiting. */
  hash(password: string): Promise<string> {
    return this.#semaphore.run(() => hash(password));
  }

  /**
   * Returns whether `password` matches `hash`. An undefined hash never matches, but takes the same time.
   * @throws {Problem} 503 if too many passwords are waiting.
   */
  verify(password: string, hash: string | undefined): Promise<boolean> {
    return this.#semaphore.run(async () => {
      const matches = await Bun.password.verify(
        normalize(password),
        hash ?? (await this.#dummyHash),
      );
      return matches && hash !== undefined;
    });
  }
}

function hash(password: string): Promise<string> {
  return Bun.password.hash(normalize(password), ARGON2ID);
}

/** Keyboards may send different code points for the same character (NIST SP 800-63B, section 3.1.1.2). */
function normalize(password: string): string {
  return password.normalize("NFKC");
}

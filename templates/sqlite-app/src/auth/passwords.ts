// Hashes and checks passwords with argon2id, a bounded number at a time: each one takes a thread and its memory.
import { Gate } from "../gate.ts";

/** OWASP's first choice for argon2id: 19 MiB, two passes (Password Storage Cheat Sheet). */
const ARGON2ID = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

export interface PasswordLimits {
  readonly PASSWORD_CONCURRENCY: number;
  readonly PASSWORD_QUEUE: number;
}

export class Passwords {
  readonly #gate: Gate;
  /** Checked when there is no such user, so that the answer takes as long as for a wrong password. */
  readonly #decoy = hash(crypto.randomUUID());

  constructor({ PASSWORD_CONCURRENCY, PASSWORD_QUEUE }: PasswordLimits) {
    this.#gate = new Gate("sign-ins", { concurrency: PASSWORD_CONCURRENCY, queue: PASSWORD_QUEUE });
  }

  /** @throws {Problem} 503 when too many passwords wait. */
  hash(password: string): Promise<string> {
    return this.#gate.run(() => hash(password));
  }

  /** Whether `password` fits `hash`; never for an undefined hash, in the same time. @throws {Problem} 503 as above. */
  verify(password: string, hash: string | undefined): Promise<boolean> {
    return this.#gate.run(async () => {
      const fits = await Bun.password.verify(normal(password), hash ?? (await this.#decoy));
      return fits && hash !== undefined;
    });
  }
}

function hash(password: string): Promise<string> {
  return Bun.password.hash(normal(password), ARGON2ID);
}

/** The same characters typed on another keyboard may arrive as other code points (NIST SP 800-63B, 3.1.1.2). */
function normal(password: string): string {
  return password.normalize("NFKC");
}

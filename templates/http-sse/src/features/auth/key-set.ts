// A JSON Web Key Set (RFC 7517) from a file or a URL, read again when its keys may have changed.
import type { HonoJsonWebKey } from "hono/utils/jwt/jws";
import { z } from "zod";
import { log } from "#lib/log";
import { StartError } from "#lib/service";

/** Without the types of the DOM, a key has no `alg`. */
type Key = HonoJsonWebKey & { readonly alg?: string };

const keySet = z.object({ keys: z.array(z.unknown()) });
const key = z.looseObject({ kty: z.string() });

/** Milliseconds between two reads in the background, so that a removed key stops working. */
const REFRESH_MS = 60_000;
/** Minimum milliseconds between two reads for unknown keys, so that forged tokens cannot cause a read each. */
const MIN_AGE_MS = 5000;
const TIMEOUT_MS = 5000;

export class KeySet {
  #keys: Key[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  private constructor(readonly source: string) {}

  /** @throws {StartError} if the set cannot be read. */
  static async open(source: string): Promise<KeySet> {
    const set = new KeySet(source);
    try {
      await set.#read();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : cause;
      const hint = "Set AUTH_JWKS to the file or the URL of a JSON Web Key Set.";
      throw new StartError(`Can't read the keys of AUTH_JWKS (${reason}).`, hint, { cause });
    }
    // `unref`: the timer does not keep the process running.
    setInterval(() => set.#refresh(), REFRESH_MS).unref();
    return set;
  }

  /** The keys with this id, or all keys if it is undefined. If no key matches, waits until the set has been read again. */
  async keys(kid: string | undefined): Promise<readonly Key[]> {
    const find = () => this.#keys.filter((key) => kid === undefined || key.kid === kid);
    const age = performance.now() - this.#readAt;
    // A read that is in progress may bring the unknown key.
    if (find().length === 0 && (age > MIN_AGE_MS || this.#reading)) await this.#refresh();
    return find();
  }

  /** Keeps the keys if the set cannot be read: tokens stay valid while the identity provider is down. */
  #refresh(): Promise<void> {
    this.#reading ??= this.#read()
      .catch((error: unknown) => log.warn("cannot read the keys of AUTH_JWKS: {error}", { error }))
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async #read(): Promise<void> {
    // Set before the read, so that a failed read also delays the next attempt.
    this.#readAt = performance.now();
    const { data } = keySet.safeParse(await readJson(this.source));
    // RFC 7517, section 5: keys that are not valid are ignored.
    const keys = data?.keys.filter((candidate) => key.safeParse(candidate).success) ?? [];
    if (keys.length === 0) throw new Error("it contains no keys");
    this.#keys = keys as Key[];
  }
}

async function readJson(source: string): Promise<unknown> {
  if (!/^https?:/.test(source)) return Bun.file(source).json();
  const response = await fetch(source, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

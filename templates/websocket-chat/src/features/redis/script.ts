// A Lua script: it runs atomically in Redis.
import { createHash } from "node:crypto";

/** A connection to Redis. */
export interface Sender {
  send(command: string, args: string[]): Promise<unknown>;
}

/** Called by its hash; the source is sent only if Redis does not have it. */
export class Script<Reply> {
  readonly #sha: string;

  constructor(readonly source: string) {
    this.#sha = createHash("sha1").update(source).digest("hex");
  }

  /** Sends the source: otherwise the first `run` would fall back to EVAL, which would run after calls that were made later. */
  async load(redis: Sender): Promise<void> {
    await redis.send("SCRIPT", ["LOAD", this.source]);
  }

  async run(
    redis: Sender,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Reply> {
    const parameters = [String(keys.length), ...keys, ...args.map(String)];
    try {
      return (await redis.send("EVALSHA", [this.#sha, ...parameters])) as Reply;
    } catch (error) {
      // Redis drops its scripts when it restarts, and does not replicate them.
      if (!isUnknownScript(error)) throw error;
      return (await redis.send("EVAL", [this.source, ...parameters])) as Reply;
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.startsWith("NOSCRIPT") || isUnknownScript(error.cause);
}

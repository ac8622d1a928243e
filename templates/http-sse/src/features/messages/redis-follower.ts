// Reads new entries of a Redis Stream on its own connection, and resumes at its cursor after an outage.
import type { RedisClient } from "bun";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import { RedisConnection } from "#lib/redis";
import { type Entry, START, toMessage } from "./redis-entry.ts";
import { CAN_CONTINUE, evaluate } from "./redis-scripts.ts";
import type { Listener } from "./store.ts";

/** Redis ends a read with an empty reply if there is no new entry for this many milliseconds. */
const BLOCK_MS = 5000;
/** Milliseconds beyond `BLOCK_MS` after which the connection counts as silent. */
const GRACE_MS = 2000;
/** Milliseconds to wait while there is no connection. */
const RETRY_MS = 250;

export class RedisFollower {
  readonly #listeners: Listener[] = [];
  readonly #connection: Promise<RedisConnection>;
  #isClosed = false;
  /** Whether the last XREAD succeeded. */
  #isReading = false;
  /** Whether entries after the cursor may have been dropped before they were read. */
  #hasGap = false;
  /** Id of the last entry that was read. */
  #cursor: string;

  private constructor(
    url: string,
    readonly key: string,
    cursor: string,
  ) {
    this.#cursor = cursor;
    this.#connection = RedisConnection.open(url, (client) => this.#checkCursor(client));
  }

  /** Starts after the message with the id `cursor`. @throws {Problem} 503 if the stream cannot be read. */
  static async open(url: string, key: string, cursor: string): Promise<RedisFollower> {
    const follower = new RedisFollower(url, key, cursor);
    const connection = await follower.#connection;
    try {
      await follower.#read(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    void follower.#run(connection);
    return follower;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  get cursor(): string {
    return this.#cursor;
  }

  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    (await this.#connection).close();
  }

  /** Notices a gap: during an outage, other instances may have dropped entries that this one has not read yet. */
  async #checkCursor(client: RedisClient): Promise<void> {
    const check = evaluate(CAN_CONTINUE, this.key, this.#cursor);
    this.#hasGap ||= (await client.send("EVAL", check)) !== 1;
  }

  async #run(connection: RedisConnection): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#read(connection);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (this.#isReading && !this.#isClosed) {
          log.warn("cannot read the stream {stream}: {error}", {
            stream: this.key,
            error: error.cause,
          });
        }
        this.#isReading = false;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  /** After a failed read, the next one does not wait for new entries, so that it shows immediately that the outage is over. */
  async #read(connection: RedisConnection): Promise<void> {
    const blockMs = this.#isReading ? BLOCK_MS : 1;
    const args = ["COUNT", "500", "BLOCK", `${blockMs}`, "STREAMS", this.key, this.#cursor];
    const check = evaluate(CAN_CONTINUE, this.key, this.#cursor);
    // Redis runs the check right after XREAD: entries may have been dropped before they were read, for example in a burst
    // of more than MESSAGES_KEEP messages.
    const [reply, canContinue] = await Promise.all([
      connection.send("XREAD", args, blockMs + GRACE_MS),
      connection.send("EVAL", check, blockMs + GRACE_MS),
    ]);
    this.#isReading = true;
    this.#hasGap ||= canContinue !== 1;
    const entries = (reply as Record<string, Entry[]> | null)?.[this.key] ?? [];
    if (entries.length === 0 && !this.#hasGap) return;
    // After a failover that lost the entry of the cursor, Redis may give new entries lower ids, which XREAD does not return.
    this.#cursor = entries.at(-1)?.[0] ?? (await newestId(connection, this.key));
    const messages = entries.flatMap((entry) => toMessage(entry) ?? this.#skip(entry));
    for (const listener of this.#listeners) listener(messages, this.#hasGap, this.#cursor);
    this.#hasGap = false;
  }

  #skip([id]: Entry): [] {
    log.warn("skipped entry {id} of {stream}: it is not a message", { id, stream: this.key });
    return [];
  }
}

/** The id of the newest entry of a stream. */
export async function newestId(connection: RedisConnection, key: string): Promise<string> {
  const entries = await connection.send("XREVRANGE", [key, "+", "-", "COUNT", "1"]);
  return (entries as Entry[])[0]?.[0] ?? START;
}

// Reads new entries of a Redis Stream on its own connection, and resumes at its cursor after an outage.
import type { RedisClient } from "bun";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import { RedisConnection } from "#lib/redis";
import { type Entry, toMessage } from "./redis-entry.ts";
import { CAN_CONTINUE, evaluate } from "./redis-scripts.ts";
import type { Listener } from "./store.ts";

/** Milliseconds that a read blocks until Redis responds without an entry. */
const BLOCK_MS = 5000;
/** Milliseconds beyond `BLOCK_MS` after which the connection counts as silent. */
const GRACE_MS = 2000;
/** Milliseconds to wait while there is no connection. */
const RETRY_MS = 250;

export class RedisFollower {
  readonly #listeners: Listener[] = [];
  readonly #connection: Promise<RedisConnection>;
  #isClosed = false;
  /** Whether entries after the cursor may have been dropped before they were read. */
  #hasGap = false;

  private constructor(
    url: string,
    readonly key: string,
    /** Id of the last entry that was read. */
    public cursor: string,
  ) {
    this.#connection = RedisConnection.open(url, (client) => this.#checkCursor(client));
  }

  /** Starts after the message with the id `cursor`. @throws {Problem} 503 */
  static async open(url: string, key: string, cursor: string): Promise<RedisFollower> {
    const follower = new RedisFollower(url, key, cursor);
    await follower.#connection;
    void follower.#run();
    return follower;
  }

  async isConnected(): Promise<boolean> {
    return (await this.#connection).isConnected;
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
    const check = evaluate(CAN_CONTINUE, this.key, this.cursor);
    this.#hasGap ||= (await client.send("EVAL", check)) !== 1;
  }

  async #run(): Promise<void> {
    const connection = await this.#connection;
    while (!this.#isClosed) {
      try {
        await this.#read(connection);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  async #read(connection: RedisConnection): Promise<void> {
    const args = ["COUNT", "500", "BLOCK", `${BLOCK_MS}`, "STREAMS", this.key, this.cursor];
    const reply = await connection.send("XREAD", args, BLOCK_MS + GRACE_MS);
    const entries = (reply as Record<string, Entry[]> | null)?.[this.key] ?? [];
    const newest = entries.at(-1);
    if (!newest) return;
    [this.cursor] = newest;
    const messages = entries.flatMap((entry) => toMessage(entry) ?? this.#skip(entry));
    for (const listener of this.#listeners) listener(messages, this.#hasGap, this.cursor);
    this.#hasGap = false;
  }

  #skip([id]: Entry): [] {
    log.warn("skipped entry {id} of {key}: it is not a message", { id, key: this.key });
    return [];
  }
}

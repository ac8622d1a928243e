// Follows a Redis Stream on a connection of its own, and finds its place again when that breaks.
import { RedisClient } from "bun";
import { type Listener, LogUnavailable } from "./log.ts";
import { answer, type Entry, START, TIMEOUT_MS, toMessage } from "./redis-reply.ts";

/** Milliseconds that a read waits for new messages, and the pause before it is tried again. */
const BLOCK_MS = 5000;
const RETRY_MS = 250;

export class RedisFollower {
  readonly #listeners: Listener[] = [];
  #client: RedisClient | undefined;
  #closed = false;
  /** False when what comes next may not be what followed `position`. */
  #complete = true;

  private constructor(
    readonly url: string,
    readonly key: string,
    /** Id of the last message that the listeners were given. */
    public position: string,
  ) {}

  /** Starts after the message with the id `position`. @throws {LogUnavailable} */
  static async open(url: string, key: string, position: string): Promise<RedisFollower> {
    const follower = new RedisFollower(url, key, position);
    await follower.#connect();
    void follower.#run();
    return follower;
  }

  /** False while Redis is away. */
  get connected(): boolean {
    return this.#client !== undefined;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#read(this.#client ?? (await this.#connect()));
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        this.#client?.close();
        this.#client = undefined;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  async #connect(): Promise<RedisClient> {
    const client = new RedisClient(this.url, { autoReconnect: false });
    try {
      await answer(client.connect());
      // While it was away, as much may have been added as to drop what it had not read.
      const { key, position } = this;
      const kept = await answer(client.send("XRANGE", [key, position, position]));
      this.#complete &&= position === START || (kept as Entry[]).length > 0;
    } catch (error) {
      client.close();
      throw error;
    }
    this.#client = client;
    return client;
  }

  async #read(client: RedisClient): Promise<void> {
    const args = ["COUNT", "500", "BLOCK", `${BLOCK_MS}`, "STREAMS", this.key, this.position];
    const reply = await answer(client.send("XREAD", args), BLOCK_MS + TIMEOUT_MS);
    const entries = (reply as Record<string, Entry[]> | null)?.[this.key] ?? [];
    const messages = entries.map(toMessage);
    const newest = messages.at(-1);
    if (!newest) return;
    this.position = newest.id;
    for (const listener of this.#listeners) listener(messages, this.#complete);
    this.#complete = true;
  }
}

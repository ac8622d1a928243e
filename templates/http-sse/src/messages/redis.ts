// The log of messages in a Redis Stream, for any number of instances. An id is the stream's own.
import { RedisClient } from "bun";
import type { Appended, Listener, Message, MessageLog, Page } from "./log.ts";
import { RedisFollower } from "./redis-follower.ts";
import { answer, type Entry, TIMEOUT_MS, toMessage } from "./redis-reply.ts";

/** Adds a message unless its key was seen, in one step, whichever instance asks. */
const APPEND = `
  local seen = KEYS[2] and redis.call('GET', KEYS[2])
  if seen then return {'repeated', seen} end
  local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'text', ARGV[2])
  local entry = id .. ' ' .. ARGV[2]
  if KEYS[2] then redis.call('SET', KEYS[2], entry, 'EX', ARGV[3]) end
  return {'created', entry}`;

/** Where a stream that never held a message starts. */
const START = "0-0";
/** Seconds that an Idempotency-Key is remembered. */
const KEY_TTL = 24 * 60 * 60;
/** The most that the client takes; it tries again every two seconds. */
const FOR_EVER = 2 ** 32 - 1;

export interface RedisLogOptions {
  readonly url: string;
  /** Key of the stream. */
  readonly key: string;
  /** Messages to keep; Redis drops the rest in blocks, so there may be some more. */
  readonly keep: number;
}

export class RedisLog implements MessageLog {
  private constructor(
    readonly options: RedisLogOptions,
    readonly client: RedisClient,
    readonly follower: RedisFollower,
  ) {}

  /** @throws {LogUnavailable} when Redis cannot be reached. */
  static async open(options: RedisLogOptions): Promise<RedisLog> {
    const { url, key } = options;
    // Nothing is queued while Redis is away: clients are told at once, and try again.
    const client = new RedisClient(url, {
      enableOfflineQueue: false,
      maxRetries: FOR_EVER,
      connectionTimeout: TIMEOUT_MS,
    });
    try {
      await answer(client.connect());
      const newest = await answer(client.send("XREVRANGE", [key, "+", "-", "COUNT", "1"]));
      const position = (newest as Entry[])[0]?.[0] ?? START;
      return new RedisLog(options, client, await RedisFollower.open(url, key, position));
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async append(text: string, key?: string): Promise<Appended> {
    const { key: stream, keep } = this.options;
    // The same hash slot as the stream, for a cluster; a hash, as a key may be long.
    const keys = key === undefined ? [] : [`{${stream}}:key:${Bun.SHA256.hash(key, "hex")}`];
    const reply = await this.#send("EVAL", [
      APPEND,
      `${1 + keys.length}`,
      stream,
      ...keys,
      `${keep}`,
      text,
      `${KEY_TTL}`,
    ]);
    const [outcome, entry] = reply as ["created" | "repeated", string];
    const space = entry.indexOf(" ");
    const message = toMessage([entry.slice(0, space), ["text", entry.slice(space + 1)]]);
    return { outcome: message.text === text ? outcome : "conflict", message };
  }

  async read(after: string | undefined, limit: number): Promise<Page> {
    if (after !== undefined && isId(after) && after !== START) {
      // From `after` itself on: if it comes first, nothing between it and the next one was dropped.
      const [first, ...rest] = await this.#range(after, "+", limit + 1);
      if (first?.id === after) return { messages: rest, complete: true };
    }
    const messages = await this.#range("-", "+", limit);
    return {
      messages,
      complete: after === undefined || (after === START && (await this.#isWhole())),
    };
  }

  async newest(limit: number): Promise<Message[]> {
    const reply = await this.#send("XREVRANGE", [this.options.key, "+", "-", "COUNT", `${limit}`]);
    return (reply as Entry[]).map(toMessage).reverse();
  }

  async get(id: string): Promise<Message | undefined> {
    const [found] = isId(id) ? await this.#range(id, id, 1) : [];
    return found?.id === id ? found : undefined;
  }

  follow(listener: Listener): string {
    this.follower.listen(listener);
    return this.follower.position;
  }

  async ready(): Promise<boolean> {
    await this.#send("PING", []);
    return this.follower.connected;
  }

  close(): void {
    this.follower.close();
    this.client.close();
  }

  async #range(from: string, to: string, limit: number): Promise<Message[]> {
    const reply = await this.#send("XRANGE", [this.options.key, from, to, "COUNT", `${limit}`]);
    return (reply as Entry[]).map(toMessage);
  }

  /** Whether nothing was ever dropped from the stream. */
  async #isWhole(): Promise<boolean> {
    if ((await this.#send("EXISTS", [this.options.key])) === 0) return true;
    const info = (await this.#send("XINFO", ["STREAM", this.options.key])) as Record<
      string,
      unknown
    >;
    return info["entries-added"] === info.length;
  }

  #send(command: string, args: string[]): Promise<unknown> {
    return answer(this.client.send(command, args));
  }
}

function isId(id: string): boolean {
  return /^\d{1,19}-\d{1,19}$/.test(id);
}

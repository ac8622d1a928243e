// The log of messages in a Redis Stream, for any number of instances. An id is the stream's own.
import { RedisClient } from "bun";
import type { Appended, Listener, Message, MessageLog, Page } from "./log.ts";
import { RedisFollower } from "./redis-follower.ts";
import { answer, type Entry, START, TIMEOUT_MS, toMessage } from "./redis-reply.ts";

/**
 * Adds a message unless its key was seen, and drops what is too much with the keys of it: in one
 * step, whichever instance asks. A hundred at a time, for a stream that is to keep less than it did.
 */
const APPEND = `
  local stream, keys, text, keep, key = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), ARGV[3]
  local seen = key and redis.call('HGET', keys, key)
  local before = seen and redis.call('XRANGE', stream, seen, seen)[1]
  if before then return {'repeated', before} end
  local fields = {'text', text}
  if key then fields = {'text', text, 'key', key} end
  local id = redis.call('XADD', stream, '*', unpack(fields))
  if key then redis.call('HSET', keys, key, id) end
  local length = redis.call('XLEN', stream)
  if length > keep then
    local count = math.min(length - keep, 100)
    for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', count)) do
      if entry[2][4] then redis.call('HDEL', keys, entry[2][4]) end
    end
    redis.call('XTRIM', stream, 'MAXLEN', length - count)
  end
  return {'created', {id, fields}}`;

/** The most that the client takes; it tries again every two seconds. */
const FOR_EVER = 2 ** 32 - 1;

export interface RedisLogOptions {
  readonly url: string;
  /** Key of the stream. */
  readonly key: string;
  /** Messages to keep, at the most. */
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
    // In braces: in a cluster, both keys are to have the same hash slot.
    const args = [stream, `{${stream}}:keys`, text, `${keep}`, ...(key === undefined ? [] : [key])];
    const reply = await this.#send("EVAL", [APPEND, "2", ...args]);
    const [outcome, entry] = reply as ["created" | "repeated", Entry];
    const message = toMessage(entry);
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

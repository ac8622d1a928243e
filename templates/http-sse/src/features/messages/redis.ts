// The message store in a Redis Stream, for any number of instances. The ids are the stream's own.
import { RedisConnection } from "#lib/redis";
import { StartError } from "#lib/service";
import type { Env } from "../../env.ts";
import { type Entry, START, toMessage, wasTrimmed } from "./redis-entry.ts";
import { RedisFollower } from "./redis-follower.ts";
import type { Appended, Listener, Message, MessageStore, Page } from "./store.ts";

/**
 * Adds a message unless its key was used, and atomically trims the stream to `keep` entries, together
 * with their idempotency keys. At most 100 per call, so that lowering `keep` does not block Redis.
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

/** Milliseconds for which the key that `ready` writes exists. */
const PROBE_TTL_MS = 1000;

export interface RedisMessagesOptions {
  readonly url: string;
  /** Key of the stream. */
  readonly key: string;
  /** Messages to retain. */
  readonly keep: number;
}

/**
 * @throws {StartError} if Redis cannot be used. It names only the host: the URL may contain a password.
 */
export async function openRedisMessages(
  url: string,
  { REDIS_KEY: key, MESSAGES_KEEP: keep }: Pick<Env, "REDIS_KEY" | "MESSAGES_KEEP">,
): Promise<RedisMessages> {
  try {
    return await RedisMessages.open({ url, key, keep });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const hint = "Start Redis, or set REDIS_URL to where it runs.";
    throw new StartError(`Can't use Redis at ${new URL(url).host} (${cause}).`, hint, { cause });
  }
}

export class RedisMessages implements MessageStore {
  private constructor(
    readonly options: RedisMessagesOptions,
    readonly connection: RedisConnection,
    readonly follower: RedisFollower,
  ) {}

  /** @throws {Problem} 503 if Redis cannot be reached. */
  static async open(options: RedisMessagesOptions): Promise<RedisMessages> {
    const { url, key } = options;
    const connection = await RedisConnection.open(url);
    try {
      const newest = await connection.send("XREVRANGE", [key, "+", "-", "COUNT", "1"]);
      const cursor = (newest as Entry[])[0]?.[0] ?? START;
      return new RedisMessages(options, connection, await RedisFollower.open(url, key, cursor));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async append(text: string, key?: string): Promise<Appended> {
    const { key: stream, keep } = this.options;
    const args = [
      stream,
      this.#keyOf("keys"),
      text,
      `${keep}`,
      ...(key === undefined ? [] : [key]),
    ];
    const reply = await this.connection.send("EVAL", [APPEND, "2", ...args]);
    const [outcome, entry] = reply as ["created" | "repeated", Entry];
    const message = toMessage(entry);
    return { outcome: message.text === text ? outcome : "conflict", message };
  }

  async read(after: string | undefined, limit: number): Promise<Page> {
    if (after !== undefined && isId(after) && after !== START) {
      // Starts at `after` itself: if that entry exists, nothing between it and the next one was dropped.
      const [first, ...rest] = await this.#range(after, "+", limit + 1);
      if (first?.id === after) return { messages: rest, hasGap: false };
    }
    const messages = await this.#range("-", "+", limit);
    if (after === undefined) return { messages, hasGap: false };
    return {
      messages,
      hasGap: after !== START || (await wasTrimmed(this.connection, this.options.key)),
    };
  }

  async newest(limit: number): Promise<Message[]> {
    const args = [this.options.key, "+", "-", "COUNT", `${limit}`];
    return ((await this.connection.send("XREVRANGE", args)) as Entry[]).map(toMessage).reverse();
  }

  async get(id: string): Promise<Message | undefined> {
    const [found] = isId(id) ? await this.#range(id, id, 1) : [];
    return found?.id === id ? found : undefined;
  }

  subscribe(listener: Listener): string {
    this.follower.subscribe(listener);
    return this.follower.cursor;
  }

  /** Writes a key: a replica, and a server that is out of memory, respond to a PING as usual. */
  async ready(): Promise<void> {
    await this.connection.send("SET", [this.#keyOf("ready"), "1", "PX", `${PROBE_TTL_MS}`]);
    if (!(await this.follower.isConnected())) throw new Error("The stream is not followed.");
  }

  async close(): Promise<void> {
    await this.follower.close();
    this.connection.close();
  }

  /** In braces: in a cluster, all keys of the store need the same hash slot. */
  #keyOf(part: string): string {
    return `{${this.options.key}}:${part}`;
  }

  async #range(from: string, to: string, limit: number): Promise<Message[]> {
    const args = [this.options.key, from, to, "COUNT", `${limit}`];
    return ((await this.connection.send("XRANGE", args)) as Entry[]).map(toMessage);
  }
}

function isId(id: string): boolean {
  return /^\d{1,19}-\d{1,19}$/.test(id);
}

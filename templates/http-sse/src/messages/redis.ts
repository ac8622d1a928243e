// The log of messages in a Redis Stream, for any number of instances. An id is the stream's own.
import { RedisClient } from "bun";
import type { Appended, Listener, Message, MessageLog, Page } from "./log.ts";
import { LogUnavailable } from "./log.ts";

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
/** Milliseconds that Redis may take to answer. */
const TIMEOUT_MS = 2000;
/** Milliseconds that a read waits for new messages, and the pause before it is tried again. */
const BLOCK_MS = 5000;
const RETRY_MS = 250;
/** The most that the client takes; it tries again every two seconds. */
const FOR_EVER = 2 ** 32 - 1;

type Entry = readonly [id: string, fields: readonly string[]];

export interface RedisLogOptions {
  readonly url: string;
  /** Key of the stream. */
  readonly key: string;
  /** Messages to keep; Redis drops the rest in blocks, so there may be some more. */
  readonly keep: number;
}

export class RedisLog implements MessageLog {
  readonly #client: RedisClient;
  readonly #listeners: Listener[] = [];
  #position = START;
  /** The connection that waits for new messages; undefined while it is down. */
  #follower: RedisClient | undefined;
  #closed = false;

  private constructor(readonly options: RedisLogOptions) {
    // Nothing is queued while Redis is away: clients are told at once, and try again.
    this.#client = new RedisClient(options.url, {
      enableOfflineQueue: false,
      maxRetries: FOR_EVER,
      connectionTimeout: TIMEOUT_MS,
    });
  }

  /** @throws {LogUnavailable} when Redis cannot be reached. */
  static async open(options: RedisLogOptions): Promise<RedisLog> {
    const log = new RedisLog(options);
    await answer(log.#client.connect());
    log.#position = (await log.newest(1))[0]?.id ?? START;
    await log.#connectFollower();
    void log.#follow();
    return log;
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
    this.#listeners.push(listener);
    return this.#position;
  }

  async ready(): Promise<boolean> {
    await this.#send("PING", []);
    return this.#follower !== undefined;
  }

  close(): void {
    this.#closed = true;
    this.#follower?.close();
    this.#client.close();
  }

  /** Hands on what any instance adds, for as long as the log is open; after a failure it goes on where it was. */
  async #follow(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#readNew(this.#follower ?? (await this.#connectFollower()));
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        this.#follower?.close();
        this.#follower = undefined;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  async #connectFollower(): Promise<RedisClient> {
    const client = new RedisClient(this.options.url, { autoReconnect: false });
    try {
      await answer(client.connect());
    } catch (error) {
      client.close();
      throw error;
    }
    this.#follower = client;
    return client;
  }

  async #readNew(client: RedisClient): Promise<void> {
    const { key } = this.options;
    const args = ["COUNT", "500", "BLOCK", `${BLOCK_MS}`, "STREAMS", key, this.#position];
    const reply = await answer(client.send("XREAD", args), BLOCK_MS + TIMEOUT_MS);
    const entries = (reply as Record<string, Entry[]> | null)?.[key] ?? [];
    if (entries.length === 0) return;
    const messages = entries.map(toMessage);
    this.#position = messages.at(-1)?.id ?? this.#position;
    for (const listener of this.#listeners) listener(messages);
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
    return answer(this.#client.send(command, args));
  }
}

/** What Redis answers in time. @throws {LogUnavailable} for everything else. */
async function answer<T>(reply: Promise<T>, timeoutMs = TIMEOUT_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("Redis does not answer.")), timeoutMs);
  try {
    return await Promise.race([reply, late.promise]);
  } catch (cause) {
    throw new LogUnavailable("The message log cannot be reached now.", { cause });
  } finally {
    clearTimeout(timer);
  }
}

function isId(id: string): boolean {
  return /^\d{1,19}-\d{1,19}$/.test(id);
}

/** The time of a message is in its id: milliseconds, then a number within them. */
function toMessage([id, fields]: Entry): Message {
  const at = new Date(Number.parseInt(id, 10)).toISOString();
  return { id, text: fields[1] ?? "", at };
}

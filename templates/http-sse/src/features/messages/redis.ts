// The message store in a Redis Stream, for any number of instances. The ids are the stream's own.
// #region jobs
import { log } from "#lib/log";
// #endregion
import { RedisConnection, redisStartError } from "#lib/redis";
import { type Entry, parseEntry, START, toMessage } from "./redis-entry.ts";
import { newestId, RedisFollower } from "./redis-follower.ts";
import { APPEND, CAN_CONTINUE, DELETE, evaluate, keyOf } from "./redis-scripts.ts";
import {
  type Appended,
  type Listener,
  type Message,
  type MessageStore,
  type NewMessage,
  type Page,
  type Query,
  resultOfRepeat,
  serializeData,
} from "./store.ts";
import { covers } from "./topics.ts";

/** Milliseconds for which the key that `ready` writes exists. */
const PROBE_TTL_MS = 1000;
/** A cursor after every entry. */
const END = "18446744073709551615-18446744073709551615";
/** Entries per command while the stream is searched for topics. */
const SCAN = 500;
// #region jobs
/** Milliseconds after which an instance that crashed counts as ended. */
const INSTANCE_TTL_MS = 10_000;
// #endregion

export class RedisMessages implements MessageStore {
  // #region jobs
  readonly instance: string = crypto.randomUUID();
  #timer: Timer | undefined;
  /** The checks that found no key of another instance: when the first and the last one were. */
  readonly #missing = new Map<string, { readonly first: number; readonly last: number }>();
  // #endregion

  private constructor(
    /** Key of the stream. */
    readonly key: string,
    /** Messages to retain. */
    readonly keep: number,
    readonly connection: RedisConnection,
    readonly follower: RedisFollower,
  ) {}

  /** @throws {StartError} if Redis cannot be used. */
  static async open(url: string, key: string, keep: number): Promise<RedisMessages> {
    let connection: RedisConnection | undefined;
    try {
      connection = await RedisConnection.open(url);
      const follower = await RedisFollower.open(url, key, await newestId(connection, key));
      const messages = new RedisMessages(key, keep, connection, follower);
      // #region jobs
      await messages.#startHeartbeat();
      // #endregion
      return messages;
    } catch (error) {
      connection?.close();
      throw redisStartError(url, error);
    }
  }

  async append(message: NewMessage): Promise<Appended> {
    const { topic, event, key } = message;
    const args = [topic, event, serializeData(message), `${this.keep}`, key ?? ""];
    // #region jobs
    args.push(message.state ?? "", message.endKey ?? "");
    // #endregion
    const reply = await this.#eval(APPEND, ...args);
    const [outcome, entry] = reply as ["created" | "repeated", Entry];
    const stored = parseEntry(entry);
    return outcome === "created" ? { outcome, message: stored } : resultOfRepeat(stored, message);
  }

  async delete(id: string): Promise<boolean> {
    return isId(id) && (await this.#eval(DELETE, id, `${this.keep}`)) === 1;
  }

  async read({ after, ...query }: Query & { readonly after: string | undefined }): Promise<Page> {
    if (await this.#canContinue(after)) {
      const page = await this.#scan("XRANGE", query, after ?? START);
      // Checked again: messages that were dropped during the read must count as a gap.
      if (await this.#canContinue(after)) return { ...page, hasGap: false };
    }
    return { ...(await this.#scan("XRANGE", query, START)), hasGap: true };
  }

  async #canContinue(after: string | undefined): Promise<boolean> {
    return after === undefined || (isId(after) && (await this.#eval(CAN_CONTINUE, after)) === 1);
  }

  async newest(query: Query): Promise<Message[]> {
    const { messages } = await this.#scan("XREVRANGE", query, END);
    return messages.reverse();
  }

  /**
   * Reads the entries after the cursor, or with XREVRANGE before it, until the limit is reached. It scans all topics,
   * because a stream has no index by topic.
   */
  async #scan(command: "XRANGE" | "XREVRANGE", { limit, ...query }: Query, from: string) {
    const to = command === "XRANGE" ? "+" : "-";
    const isEverything = query.patterns.includes("*") && query.event === undefined;
    const count = isEverything ? limit : SCAN;
    const messages: Message[] = [];
    let cursor = from;
    for (;;) {
      const args = [this.key, `(${cursor}`, to, "COUNT", `${count}`];
      const found = (await this.connection.send(command, args)) as Entry[];
      for (const entry of found) {
        cursor = entry[0];
        const message = toMessage(entry);
        if (!message || !matches(query, message)) continue;
        if (messages.push(message) === limit) return { messages, cursor };
      }
      if (found.length < count) return { messages, cursor };
    }
  }

  async get(id: string): Promise<Message | undefined> {
    if (!isId(id)) return undefined;
    const [found] = (await this.connection.send("XRANGE", [this.key, id, id])) as Entry[];
    return found && toMessage(found);
  }

  subscribe(listener: Listener): string {
    this.follower.subscribe(listener);
    return this.follower.cursor;
  }

  // #region jobs
  async getByKey(key: string): Promise<Message | undefined> {
    const id = await this.connection.send("HGET", [keyOf(this.key, "keys"), key]);
    return typeof id === "string" ? await this.get(id) : undefined;
  }

  async states(): Promise<ReadonlyMap<string, Message["data"]>> {
    const states = await this.connection.send("HGETALL", [keyOf(this.key, "states")]);
    const entries = Object.entries(states as Record<string, string>);
    return new Map(entries.map(([topic, data]) => [topic, JSON.parse(data)]));
  }

  /**
   * Returns false once the key of `instance` has been missing in all checks of the last `INSTANCE_TTL_MS`. If more than
   * `INSTANCE_TTL_MS` pass between two checks, the time starts again. After a Redis outage or a jump of its clock, all keys
   * may have expired, and a live instance needs time to set its key again.
   */
  async isAlive(instance: string): Promise<boolean> {
    const key = keyOf(this.key, `instance:${instance}`);
    if ((await this.connection.send("EXISTS", [key])) === 1) {
      this.#missing.delete(instance);
      return true;
    }
    const now = performance.now();
    const before = this.#missing.get(instance);
    // After a longer gap, the key may have existed in between.
    const isRecent = before !== undefined && now - before.last < INSTANCE_TTL_MS;
    const first = isRecent ? before.first : now;
    this.#missing.set(instance, { first, last: now });
    return now - first < INSTANCE_TTL_MS;
  }

  async #startHeartbeat(): Promise<void> {
    await this.#heartbeat();
    this.#timer = setInterval(async () => {
      try {
        await this.#heartbeat();
      } catch (error) {
        log.debug("the heartbeat of this instance failed: {error}", { error });
      }
    }, INSTANCE_TTL_MS / 4);
  }

  async #heartbeat(): Promise<void> {
    const key = keyOf(this.key, `instance:${this.instance}`);
    await this.connection.send("SET", [key, "1", "PX", `${INSTANCE_TTL_MS}`]);
  }

  // #endregion

  /**
   * Reads the stream, and writes a key with a script, as `append` does. A PING is not enough: a replica, a server that is out
   * of memory, or one that refuses scripts to the user, still responds to it.
   */
  async ready(): Promise<void> {
    await this.newest({ patterns: ["*"], limit: 1 });
    const probe = "return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])";
    const args = [probe, "1", keyOf(this.key, "ready"), `${PROBE_TTL_MS}`];
    await this.connection.send("EVAL", args);
    if (!this.follower.isReading) throw new Error("The stream is not followed.");
  }

  async close(): Promise<void> {
    // #region jobs
    clearInterval(this.#timer);
    // #endregion
    await this.follower.close();
    this.connection.close();
  }

  #eval(script: string, ...args: string[]): Promise<unknown> {
    return this.connection.send("EVAL", evaluate(script, this.key, ...args));
  }
}

function matches({ patterns, event }: Omit<Query, "limit">, message: Message): boolean {
  return (event === undefined || event === message.event) && covers(patterns, message.topic);
}

function isId(id: string): boolean {
  return /^(0|[1-9]\d{0,18})-(0|[1-9]\d{0,18})$/.test(id);
}

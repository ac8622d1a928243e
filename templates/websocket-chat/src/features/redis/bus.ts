// The bus of several nodes: one Redis Stream with the deliveries for all of them. Each node reads all of it, in order.
import { log } from "#lib/log";
import { RedisConnection } from "#lib/redis";
import type { Delivery, Listener, Signal } from "../chat/hub.ts";
import type { Bus } from "../chat/stores.ts";
import { checkVersion } from "./health.ts";

/** Deliveries that Redis retains for nodes that are behind. */
export const BUS_LENGTH = 10_000;
/** Milliseconds after which deliveries are deleted: they contain texts that no store keeps, or that were deleted since. */
export const BUS_TTL_MS = 60_000;
/** Milliseconds that a read blocks until Redis responds without an entry. */
const BLOCK_MS = 5000;
/** Milliseconds beyond `BLOCK_MS` after which the connection counts as silent. */
const GRACE_MS = 2000;
const RETRY_MS = 200;
/** Failed reads in a row before an outage is logged: a reconnect takes a few. */
const LOG_AFTER = 5;
/** Entries per read. */
const BATCH = 500;
/** An entry of the stream. `fields` are alternating names and values, in the order that `#deliver` reads. */
type Entry = readonly [id: string, fields: readonly string[]];

/** Sorts before every entry of a stream. */
const START: Entry = ["0-0", []];

interface Waiting extends PromiseWithResolvers<void> {
  readonly id: string;
}

export interface RedisBusOptions {
  readonly url: string;
  /** Prefix of every key. */
  readonly prefix: string;
  /** For publishing. */
  readonly redis: RedisConnection;
  readonly hub: Listener;
  /** Called when Redis has lost data that it had acknowledged: at least this entry, which was read last. */
  readonly startNewEpochs: (lostId: string) => Promise<void>;
}

export class RedisBus implements Bus {
  readonly #options: RedisBusOptions;
  /** Key of the stream. */
  readonly #key: string;
  /** Reads block, so they have a connection of their own. */
  readonly #reader: RedisConnection;
  #waiting: Waiting[] = [];
  /** The entry that was read last; undefined until the first connection. */
  #cursor: Entry | undefined;
  #isClosed = false;
  #isReading = false;

  /** Connects in the background. */
  constructor(options: RedisBusOptions) {
    const { url, prefix } = options;
    this.#options = options;
    this.#key = `${prefix}:bus`;
    this.#reader = RedisConnection.start(url, (client) => checkVersion(client, prefix));
    void this.#run();
  }

  /** Whether the last read succeeded. */
  get isReading(): boolean {
    return this.#isReading;
  }

  async publish({ topic, frame }: Delivery): Promise<void> {
    await this.#add(["t", topic, "f", frame]);
  }

  async signal(signal: Signal): Promise<void> {
    await this.#add(["s", JSON.stringify(signal)]);
  }

  /** The id of the newest entry, on the connection that publishes. */
  async newestId(): Promise<string> {
    return (await this.#newest(this.#options.redis))[0];
  }

  /** Resolves when all entries up to this one have been delivered. Rejects if a read fails first. */
  reached(id: string): Promise<void> {
    if (this.#cursor && !isAfter(id, this.#cursor[0])) return Promise.resolve();
    const waiting = { id, ...Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#reader.close();
  }

  #add(fields: readonly string[]): Promise<unknown> {
    const args = [this.#key, "MAXLEN", "~", `${BUS_LENGTH}`, "*", ...fields];
    return this.#options.redis.send("XADD", args);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosed) {
      try {
        // A node that starts has no clients yet, so it skips older entries.
        this.#cursor ??= await this.#newest(this.#reader);
        await this.#read(this.#cursor);
        this.#isReading = true;
        failures = 0;
      } catch (error) {
        this.#isReading = false;
        failures += 1;
        for (const { reject } of this.#waiting.splice(0)) reject(error);
        if (failures === LOG_AFTER) log.warn("Redis is not available: {error}", { error });
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  async #newest(redis: RedisConnection): Promise<Entry> {
    const args = [this.#key, "+", "-", "COUNT", "1"];
    return ((await redis.send("XREVRANGE", args)) as Entry[])[0] ?? START;
  }

  async #read(cursor: Entry): Promise<void> {
    const key = this.#key;
    const [id] = cursor;
    // The first read after an outage must not block, so that `isReading` becomes true without a delay.
    const isAwaited = this.#waiting.length > 0;
    const blockMs = this.#isReading && !isAwaited ? BLOCK_MS : 1;
    const args = ["COUNT", `${BATCH}`, "BLOCK", `${blockMs}`, "STREAMS", key, id];
    // Both use one connection, so XRANGE runs right after XREAD returns.
    const [reply, last] = await Promise.all([
      this.#reader.send("XREAD", args, BLOCK_MS + GRACE_MS),
      this.#reader.send("XRANGE", [key, id, id], BLOCK_MS + GRACE_MS),
    ]);
    // While the entry at the cursor is unchanged, nothing after it was trimmed or lost.
    if (cursor === START || Bun.deepEquals((last as Entry[])[0], cursor)) {
      const entries = (reply as Record<string, Entry[]> | null)?.[key] ?? [];
      for (const entry of entries) this.#deliver(entry);
      // After a failover, the connections can reach different servers: then an entry that exists never arrives.
      if (isAwaited && entries.length === 0) {
        this.#reader.reconnect();
        throw new Error("Redis does not have the newest deliveries on the connection that reads.");
      }
    } else {
      const newest = await this.#newest(this.#reader);
      const oldest = await this.#reader.send("XRANGE", [key, "-", "+", "COUNT", "1"]);
      const [oldestId] = (oldest as Entry[])[0] ?? START;
      // Redis trims the oldest entries first: if an older one is still there, the entry at the cursor was lost.
      if (!isAfter(oldestId, id)) await this.#options.startNewEpochs(id);
      this.#options.hub.onDataLoss();
      this.#cursor = newest;
    }
    const [reachedId] = this.#cursor ?? START;
    const reached = this.#waiting.filter((waiting) => !isAfter(waiting.id, reachedId));
    this.#waiting = this.#waiting.filter((waiting) => !reached.includes(waiting));
    for (const { resolve } of reached) resolve();
  }

  #deliver(entry: Entry): void {
    // A signal is `s`, signal. A delivery is `t`, topic, `f`, frame and, for an event, `o`, offset.
    const [, [name, first = "", , frame = "", , offset]] = entry;
    const { hub } = this.#options;
    this.#cursor = entry;
    if (name === "s") hub.signal(JSON.parse(first));
    else if (offset) hub.deliver({ topic: first, frame, offset: Number(offset) });
    else hub.deliver({ topic: first, frame });
  }
}

/** Whether the stream id `a` comes after `b`. */
function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aCount = 0] = a.split("-").map(Number);
  const [bMs = 0, bCount = 0] = b.split("-").map(Number);
  return aMs > bMs || (aMs === bMs && aCount > bCount);
}

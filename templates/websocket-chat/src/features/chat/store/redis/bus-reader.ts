// Reads the bus: one Redis Stream with the deliveries for all nodes. Each node reads all of it, in order.
import { log } from "#lib/log";
import { RedisConnection } from "#lib/redis";
import type { Delivery } from "../store.ts";

/** Milliseconds that a read blocks until Redis responds without an entry. */
const BLOCK_MS = 5000;
/** Milliseconds beyond `BLOCK_MS` after which the connection counts as silent. */
const GRACE_MS = 2000;
const RETRY_MS = 200;
/** Failed reads in a row before an outage is logged: a reconnect takes a few. */
const LOG_AFTER = 5;
/** Entries per read. */
const BATCH = 500;
/** The id before every entry of a stream. */
const START = "0-0";

type Entry = readonly [id: string, fields: readonly string[]];

/** The deliveries to one topic while a client joins it. */
export interface Recording extends Disposable {
  readonly deliveries: { readonly id: string; readonly frame: string }[];
}

export interface BusOptions {
  readonly url: string;
  /** Key of the stream. */
  readonly key: string;
  /** Skip entries of this node: it has delivered them already. */
  readonly node: string;
  readonly onDelivery: (delivery: Delivery) => void;
  /** Entries were trimmed or lost. With `isRegression`, Redis has lost data that it had acknowledged. */
  readonly onDataLoss: (isRegression: boolean) => Promise<void>;
}

interface Waiting extends PromiseWithResolvers<void> {
  readonly id: string;
}

export class BusReader {
  readonly #options: BusOptions;
  readonly #redis: RedisConnection;
  readonly #recordings = new Map<Recording, string>();
  #waiting: Waiting[] = [];
  /** Id of the entry that was read last; empty until the first connection. */
  #cursor = "";
  #isClosed = false;
  #isReading = false;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#redis = RedisConnection.start(options.url);
    void this.#run();
  }

  /** Whether the last read succeeded. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Records the deliveries to the topic until the recording is disposed of. */
  record(topic: string): Recording {
    const recording: Recording = {
      deliveries: [],
      [Symbol.dispose]: () => this.#recordings.delete(recording),
    };
    this.#recordings.set(recording, topic);
    return recording;
  }

  /** Resolves when everything up to this entry has been delivered. Rejects if a read fails before. */
  reached(id: string): Promise<void> {
    if (this.#cursor !== "" && !isAfter(id, this.#cursor)) return Promise.resolve();
    const waiting = { id, ...Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#redis.close();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosed) {
      try {
        // A node that starts has no clients yet, so it skips what is older.
        if (this.#cursor === "") this.#cursor = await this.#newestId();
        await this.#read();
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

  async #newestId(): Promise<string> {
    const args = [this.#options.key, "+", "-", "COUNT", "1"];
    return ((await this.#redis.send("XREVRANGE", args)) as Entry[])[0]?.[0] ?? START;
  }

  async #read(): Promise<void> {
    const { key } = this.#options;
    const cursor = this.#cursor;
    // The first read after an outage returns immediately: `isReading` must not take seconds to be true.
    const blockMs = this.#isReading ? BLOCK_MS : 1;
    const args = ["COUNT", `${BATCH}`, "BLOCK", `${blockMs}`, "STREAMS", key, cursor];
    const [reply, last] = await Promise.all([
      this.#redis.send("XREAD", args, BLOCK_MS + GRACE_MS),
      this.#redis.send("XRANGE", [key, cursor, cursor], BLOCK_MS + GRACE_MS),
    ]);
    // As long as the entry at the cursor exists, nothing after it was trimmed or lost.
    if (cursor === START || (last as Entry[]).length > 0) {
      const entries = (reply as Record<string, Entry[]> | null)?.[key] ?? [];
      for (const entry of entries) this.#deliver(entry);
    } else {
      const newest = await this.#newestId();
      await this.#options.onDataLoss(isAfter(cursor, newest));
      this.#cursor = newest;
    }
    this.#resolveReached();
  }

  #deliver([id, fields]: Entry): void {
    this.#cursor = id;
    const [, topic = "", , frame = "", , node] = fields;
    if (node === this.#options.node) return;
    this.#options.onDelivery({ topic, frame });
    for (const [recording, recorded] of this.#recordings) {
      if (recorded === topic) recording.deliveries.push({ id, frame });
    }
  }

  #resolveReached(): void {
    const reached = this.#waiting.filter(({ id }) => !isAfter(id, this.#cursor));
    this.#waiting = this.#waiting.filter((waiting) => !reached.includes(waiting));
    for (const { resolve } of reached) resolve();
  }
}

/** Whether the stream id `a` comes after `b`. */
export function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aCount = 0] = a.split("-").map(Number);
  const [bMs = 0, bCount = 0] = b.split("-").map(Number);
  return aMs > bMs || (aMs === bMs && aCount > bCount);
}

// The stream that tells every node what to deliver. Each node reads all of it, in order.
import { RedisClient } from "bun";
import type { Listener } from "../store.ts";

/** Milliseconds that a read waits for something new; then it asks again. */
const BLOCK_MS = 5000;
const RETRY_MS = 200;
/** Entries of one read. */
const BATCH = 500;

type Entry = readonly [id: string, fields: readonly string[]];

/** Deliveries to one topic, kept while somebody is about to follow it. */
export interface Recording extends Disposable {
  readonly deliveries: { readonly id: string; readonly frame: string }[];
}

export interface BusOptions {
  readonly url: string;
  readonly key: string;
  /** Hints under this name are left out: they were delivered at once. */
  readonly node: string;
  readonly listener: Listener;
  /** Called before `lost` when Redis has come back without what it had. */
  readonly regressed: () => Promise<unknown>;
  readonly report: (error: unknown) => void;
}

interface Waiting {
  readonly id: string;
  readonly resolve: () => void;
}

export class BusReader {
  readonly #client: RedisClient;
  readonly #key: string;
  readonly #node: string;
  readonly #listener: Listener;
  readonly #regressed: () => Promise<unknown>;
  readonly #report: (error: unknown) => void;
  readonly #recordings = new Map<Recording, string>();
  #waiting: Waiting[] = [];
  #last = "";
  #closed = false;
  #reading = false;

  constructor(options: BusOptions) {
    // A read that gets no answer for so long has lost its connection without knowing.
    const settings = {
      autoReconnect: false,
      idleTimeout: 3 * BLOCK_MS,
      connectionTimeout: BLOCK_MS,
    };
    this.#client = new RedisClient(options.url, settings);
    this.#key = options.key;
    this.#node = options.node;
    this.#listener = options.listener;
    this.#regressed = options.regressed;
    this.#report = options.report;
    void this.#run();
  }

  /** True while the stream is followed. */
  get reading(): boolean {
    return this.#reading;
  }

  /** Keeps what is delivered to the topic from now on. */
  record(topic: string): Recording {
    const recording: Recording = {
      deliveries: [],
      [Symbol.dispose]: () => this.#recordings.delete(recording),
    };
    this.#recordings.set(recording, topic);
    return recording;
  }

  /** Resolves when everything up to this id has been delivered. */
  reached(id: string): Promise<void> {
    if (this.#last !== "" && !isAfter(id, this.#last)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ id, resolve });
    return promise;
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  async #run(): Promise<void> {
    let told = false;
    while (!this.#closed) {
      try {
        if (!this.#client.connected) await this.#client.connect();
        if (this.#last === "") this.#last = await this.#end();
        await this.#read();
        this.#reading = true;
        told = false;
      } catch (error) {
        this.#reading = false;
        if (this.#closed) return;
        if (!told) {
          this.#report(new Error("Redis is away: trying until it is back.", { cause: error }));
        }
        told = true;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  /** Where the stream ends now: a node that starts has nobody to deliver older things to. */
  async #end(): Promise<string> {
    const last = await this.#client.send("XREVRANGE", [this.#key, "+", "-", "COUNT", "1"]);
    return last[0]?.[0] ?? "0-0";
  }

  async #read(): Promise<void> {
    const wait = this.#reading ? BLOCK_MS : 1;
    const args = ["COUNT", `${BATCH}`, "BLOCK", `${wait}`, "STREAMS", this.#key, this.#last];
    const [answer, last] = await Promise.all([
      this.#client.send("XREAD", args),
      this.#client.send("XRANGE", [this.#key, this.#last, this.#last]),
    ]);
    // While the entry that was read last is there, nothing behind it was trimmed or lost.
    if (last.length > 0 || this.#last === "0-0") {
      for (const entry of (answer?.[this.#key] ?? []) as Entry[]) this.#deliver(entry);
    } else {
      const end = await this.#end();
      if (isAfter(this.#last, end)) await this.#regressed();
      this.#last = end;
      this.#listener.lost();
    }
    this.#wake();
  }

  #deliver([id, fields]: Entry): void {
    this.#last = id;
    const [, topic = "", , frame = "", , node] = fields;
    if (node === this.#node) return;
    this.#listener.deliver({ topic, frame });
    for (const [recording, wanted] of this.#recordings) {
      if (wanted === topic) recording.deliveries.push({ id, frame });
    }
  }

  #wake(): void {
    const reached = this.#waiting.filter(({ id }) => !isAfter(id, this.#last));
    this.#waiting = this.#waiting.filter((waiting) => !reached.includes(waiting));
    for (const { resolve } of reached) resolve();
  }
}

/** True if stream id `a` comes after `b`. */
export function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aCount = 0] = a.split("-").map(Number);
  const [bMs = 0, bCount = 0] = b.split("-").map(Number);
  return aMs > bMs || (aMs === bMs && aCount > bCount);
}

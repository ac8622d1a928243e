// Both implementations of the stores, for the contract suites: opened on own data, and cleaned up.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schema } from "../src/env.ts";
import type { Delivery, Listener, Signal } from "../src/features/chat/hub.ts";
import { openStores, type Stores } from "../src/features/chat/stores.ts";
import type { ServerFrame } from "../src/protocol.ts";
// #region redis
import { ownPrefix, REDIS_URL } from "./redis.ts";
// #endregion
import { until } from "./server.ts";

/** Records everything that the bus delivers. */
export class Recorder implements Listener {
  readonly deliveries: Delivery[] = [];
  readonly signals: Signal[] = [];
  onDataLoss(): void {
    throw new Error("No data was lost.");
  }
  signal(signal: Signal): void {
    this.signals.push(signal);
  }
  deliver(delivery: Delivery): void {
    this.deliveries.push(delivery);
  }
  frames(topic: string): ServerFrame[] {
    const own = this.deliveries.filter((delivery) => delivery.topic === topic);
    return own.map(({ frame }) => JSON.parse(frame));
  }
}

interface Engine {
  readonly name: string;
  readonly skip: boolean;
  /** `env` opens the same data each time, and `clear` deletes the data. */
  readonly make: () => Promise<{ env: Record<string, string>; clear: () => Promise<void> }>;
}

export const engines: readonly Engine[] = [
  {
    name: "embedded",
    skip: false,
    make: async () => {
      const directory = await mkdtemp(join(tmpdir(), "chat-stores-"));
      const clear = () => rm(directory, { recursive: true, force: true });
      return { env: { DATA_DIR: directory }, clear };
    },
  },
  // #region redis
  {
    name: "Redis",
    skip: !REDIS_URL,
    make: async () => {
      const { prefix, clear } = ownPrefix();
      return { env: { REDIS_URL: REDIS_URL ?? "", REDIS_PREFIX: prefix }, clear };
    },
  },
  // #endregion
];

export interface Opened extends Stores {
  readonly recorder: Recorder;
  readonly close: () => Promise<void>;
}

/** Opens stores on new data. `start` opens them again, like another node or after a restart. */
export async function setUp({ make }: Engine, cleanups: (() => Promise<void>)[]) {
  const { env, clear } = await make();
  cleanups.push(clear);
  const start = async (): Promise<Opened> => {
    const recorder = new Recorder();
    const stores = openStores(schema.parse(env), recorder);
    const isReady = () =>
      Promise.all([stores.log.ready(), stores.presence.ready?.()]).then(
        () => true,
        () => false,
      );
    await until(isReady, "the stores are ready");
    let closed = false;
    const close = async () => {
      if (closed) return;
      closed = true;
      await stores.presence.close?.();
      await stores.log.close();
    };
    cleanups.push(close);
    return { ...stores, recorder, close };
  };
  return { start, ...(await start()) };
}

// The contract that both stores fulfil.
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalStore } from "../src/features/chat/store/local.ts";
import { RedisStore } from "../src/features/chat/store/redis/redis.ts";
import type { Delivery, Listener, Store } from "../src/features/chat/store/store.ts";
import { LIMITS } from "../src/limits.ts";
import type { ServerFrame, User } from "../src/protocol.ts";
import { randomId } from "../src/random-id.ts";
import { ownPrefix, REDIS_URL } from "./redis.ts";
import { until } from "./server.ts";

const ada: User = { id: "a", name: "Ada" };
const bob: User = { id: "b", name: "Bob" };

class Recorder implements Listener {
  readonly deliveries: Delivery[] = [];
  onDataLoss(): void {
    throw new Error("No data was lost.");
  }
  deliver(delivery: Delivery): void {
    this.deliveries.push(delivery);
  }
  frames(topic: string): ServerFrame[] {
    const own = this.deliveries.filter((delivery) => delivery.topic === topic);
    return own.map(({ frame }) => JSON.parse(frame));
  }
}

interface Kind {
  readonly name: string;
  readonly skip: boolean;
  /** `open` opens a store on the same data each time, and `clear` deletes the data. */
  readonly make: () => Promise<{ open: () => Store; clear: () => Promise<void> }>;
}

const kinds: readonly Kind[] = [
  {
    name: "SQLite",
    skip: false,
    make: async () => {
      const directory = await mkdtemp(join(tmpdir(), "chat-store-"));
      return {
        open: () => new LocalStore(join(directory, "chat.db")),
        clear: () => rm(directory, { recursive: true, force: true }),
      };
    },
  },
  {
    name: "Redis",
    skip: !REDIS_URL,
    make: async () => {
      const { prefix, clear } = ownPrefix();
      return { open: () => new RedisStore(REDIS_URL ?? "", prefix), clear };
    },
  },
];

for (const { name, skip, make } of kinds) {
  describe.skipIf(skip)(name, () => {
    const cleanups: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    async function setUp() {
      const { open, clear } = await make();
      cleanups.push(clear);
      const start = async () => {
        const recorder = new Recorder();
        const store = open();
        store.subscribe(recorder);
        const isReady = () =>
          store.ready().then(
            () => true,
            () => false,
          );
        await until(isReady, "the store is ready");
        let closed = false;
        const close = async () => {
          if (!closed) await store.close();
          closed = true;
        };
        cleanups.push(close);
        return { store, recorder, close };
      };
      return { start, ...(await start()) };
    }

    const draft = (text: string, key = text, from = ada, room = "general") => {
      return { room, from, text, at: new Date(0).toISOString(), key };
    };

    test("offsets of a room count up by one from 1, in the order of the deliveries", async () => {
      const { store, recorder } = await setUp();
      const texts = Array.from({ length: 100 }, (_, i) => `m${i}`);
      const stored = await Promise.all(texts.map((text) => store.append(draft(text))));
      expect(stored.map(({ offset }) => offset)).toEqual(texts.map((_, i) => i + 1));
      expect((await store.append(draft("x", "other", ada, "other"))).offset).toBe(1);
      await until(() => recorder.frames("room:general").length === 100, "everything is delivered");
      expect(recorder.frames("room:general")[99]).toEqual({
        type: "chat",
        room: "general",
        epoch: stored[0]?.epoch ?? "",
        offset: 100,
        from: ada,
        text: "m99",
        at: new Date(0).toISOString(),
      });
    });

    test("a key belongs to its sender, and is still known after a restart", async () => {
      const { store, start, close, recorder } = await setUp();
      const [first, again] = await Promise.all([
        store.append(draft("once", "key")),
        store.append(draft("once", "key")),
      ]);
      expect(again).toEqual(first);
      expect((await store.append(draft("mine", "key", bob))).offset).toBe(2);
      await until(() => recorder.deliveries.length >= 2, "both messages are delivered");
      await close();
      const next = await start();
      expect(await next.store.append(draft("once", "key"))).toEqual(first);
      expect((await next.store.append(draft("new"))).offset).toBe(3);
      await until(() => next.recorder.deliveries.length >= 1, "the new message is delivered");
      expect(recorder.deliveries).toHaveLength(2);
      expect(next.recorder.deliveries).toHaveLength(1);
    });

    test("a position gets the messages after it; one that cannot be continued gets the latest messages", async () => {
      const { store } = await setUp();
      const empty = await store.join("general", ada);
      expect(empty).toMatchObject({ offset: 0, recovered: false, messages: [], members: [ada] });
      const { epoch } = empty;
      const total = LIMITS.history + 5;
      const texts = Array.from({ length: total }, (_, i) => `m${i + 1}`);
      await Promise.all(texts.map((text) => store.append(draft(text))));
      const read = async (after?: { epoch: string; offset: number }) => {
        const { offset, recovered, messages } = await store.join("general", ada, after);
        expect(offset).toBe(total);
        return { recovered, texts: messages.map(({ text }) => text) };
      };
      const latest = { recovered: false, texts: texts.slice(-LIMITS.latest) };
      const all = { recovered: true, texts: texts.slice(5) };
      expect(await read({ epoch, offset: total - 2 })).toEqual({
        recovered: true,
        texts: texts.slice(-2),
      });
      expect(await read({ epoch, offset: total })).toEqual({ recovered: true, texts: [] });
      expect(await read({ epoch, offset: 5 })).toEqual(all);
      expect(await read()).toEqual(latest);
      expect(await read({ epoch, offset: 4 })).toEqual(latest);
      expect(await read({ epoch, offset: total + 1 })).toEqual(latest);
      expect(await read({ epoch: "another", offset: total })).toEqual(latest);
    });

    test("a snapshot contains exactly the messages that were delivered before it", async () => {
      const { store, recorder } = await setUp();
      const { epoch } = await store.join("general", bob);
      const sent = Array.from({ length: 300 }, (_, i) => store.append(draft(`m${i}`)));
      for (let i = 0; i < 30; i++) {
        const { offset, messages } = await store.join("general", ada, { epoch, offset: 0 });
        const delivered = recorder
          .frames("room:general")
          .flatMap((frame) => (frame.type === "chat" ? [frame.offset] : []));
        expect(offset).toBe(delivered.at(-1) ?? 0);
        expect(messages.map((message) => message.offset)).toEqual(delivered);
      }
      await Promise.all(sent);
    });

    test("joining and leaving is delivered once", async () => {
      const { store, recorder } = await setUp();
      await store.join("general", ada);
      await store.join("general", bob);
      expect((await store.join("general", bob)).members).toEqual(
        expect.arrayContaining([ada, bob]),
      );
      await store.leave("general", bob);
      await store.leave("general", bob);
      await store.append(draft("last"));
      const frames = () => recorder.frames("room:general");
      await until(() => frames().at(-1)?.type === "chat", "everything is delivered");
      expect(frames().slice(0, -1)).toEqual([
        { type: "user-joined", room: "general", user: ada },
        { type: "user-joined", room: "general", user: bob },
        { type: "user-left", room: "general", user: bob },
      ]);
    });

    test("an online user is found by id, or by a name that no other online user has", async () => {
      const { store } = await setUp();
      const zoe = { id: randomId(), name: "Zoë" };
      await store.connect(zoe);
      await store.connect(bob);
      expect(await store.findUser(zoe.id)).toEqual(zoe);
      expect(await store.findUser("Bob")).toEqual(bob);
      await store.connect({ id: randomId(), name: "Bob" });
      expect(await store.findUser("Bob")).toBeUndefined();
      await store.disconnect(zoe);
      expect(await store.findUser(zoe.id)).toBeUndefined();
      await store.connect({ id: randomId(), name: zoe.id });
      expect(await store.findUser(zoe.id)).toBeUndefined();
    });

    test("a frame that is published to a topic is delivered", async () => {
      const { store, recorder } = await setUp();
      await store.publish({ topic: "user:a", frame: '{"type":"pong","ref":1}' });
      await until(() => recorder.deliveries.length > 0, "the frame is delivered");
      expect(recorder.deliveries).toEqual([{ topic: "user:a", frame: '{"type":"pong","ref":1}' }]);
    });
  });
}

// The contract of the message store: tests that every implementation has to pass.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Message, MessageStore } from "./store.ts";

export interface Engine {
  /** Whether several stores that are open under the same id share their messages. */
  readonly isShared: boolean;
  /** Opens the store with this id; a new id is a new store. */
  open(id: string, keep: number): Promise<MessageStore>;
  remove(id: string): Promise<void>;
}

export function testMessageStore(engine: Engine): void {
  let id: string;
  let messages: MessageStore;
  beforeEach(async () => {
    id = crypto.randomUUID();
    messages = await engine.open(id, 1000);
  });
  afterEach(async () => {
    await messages.close();
    await engine.remove(id);
  });

  const everything = { patterns: ["*"] };
  const say = (text: string, { topic = "general", key }: { topic?: string; key?: string } = {}) =>
    messages.append({ topic, event: "message", data: { text }, key });
  const add = async (text: string, options?: { topic?: string; key?: string }) =>
    (await say(text, options)).message;
  const addAll = (
    count: number,
    options: (i: number) => { topic?: string; key?: string } = () => ({}),
  ) => Promise.all(Array.from({ length: count }, (_, i) => add(`${i}`, options(i))));
  const read = (after?: string, limit = 10, patterns = everything.patterns) =>
    messages.read({ patterns, after, limit });
  const texts = (list: readonly Message[]) =>
    list.map(({ event, data }) => (event === "message" ? data.text : event));

  test.each(["text", "data", "event", "message", "topic", "key"])(
    "a message of the topic `%s` is stored like any other",
    async (topic) => {
      const { id } = await add("kept", { topic, key: "data" });
      expect(await messages.get(id)).toMatchObject({
        topic,
        event: "message",
        data: { text: "kept" },
      });
      await messages.delete(id);
      const { messages: events } = await read();
      expect(events).toMatchObject([{ topic, event: "deleted", data: { id } }]);
    },
  );

  const cyclic: Record<string, unknown> = {};
  cyclic.itself = cyclic;
  test.each([
    ["an event name with a line feed", { event: "a\nb" }, RangeError],
    ["an event name with a carriage return", { event: "a\rb" }, RangeError],
    ["an event name with a NUL", { event: "a\0b" }, RangeError],
    ["the event name of deletions", { event: "deleted" }, RangeError],
    ["cyclic data", { data: cyclic }, TypeError],
    ["a BigInt", { data: { n: 1n } }, TypeError],
    ["data that is not in JSON", { data: { toJSON: () => undefined } }, TypeError],
    ["data that is not an object in JSON", { data: { toJSON: () => null } }, TypeError],
  ])("refuses %s, and stores the other messages of the tick", async (_, part, error) => {
    const before = say("before");
    const refused = messages.append({ topic: "general", event: "message", data: {}, ...part });
    const after = say("after");
    await expect(refused).rejects.toBeInstanceOf(error);
    const stored = await Promise.all([before, after]);
    expect((await read()).messages).toEqual(stored.map(({ message }) => message));
  });

  test("stores messages in the order of their ids, and returns them page by page", async () => {
    const added: Message[] = [];
    for (const text of ["a", "b c", "\0\n🙂", "d"]) added.push(await add(text));
    const cursor = added[3]?.id ?? "";
    expect(await read()).toEqual({ messages: added, hasGap: false, cursor });
    expect(await read(added[0]?.id, 2)).toEqual({
      messages: added.slice(1, 3),
      hasGap: false,
      cursor: added[2]?.id ?? "",
    });
    expect(await read(cursor)).toEqual({ messages: [], hasGap: false, cursor });
    expect(await messages.newest({ ...everything, limit: 2 })).toEqual(added.slice(2));
    expect(await messages.get(added[1]?.id ?? "")).toEqual(added[1]);
  });

  test("reads by topic, prefix and event name, in one order, each message once", async () => {
    const topics = ["a", "a/b", "a/b/c", "ab", "b", "a/d"];
    const added = await addAll(600, (i) => ({ topic: topics[i % 6] ?? "" }));
    await messages.append({ topic: "a/b", event: "progress", data: { progress: 1 } });
    const end = (await read(undefined, 1000)).cursor;
    const cases: [string[], string[]][] = [
      [["a"], ["a"]],
      [["a/*"], ["a/b", "a/b/c", "a/d"]],
      [["a/b/*"], ["a/b/c"]],
      [
        ["a/*", "a/b", "b"],
        ["a/b", "a/b/c", "a/d", "b"],
      ],
      [
        ["a/b/*", "a/*", "b"],
        ["a/b", "a/b/c", "a/d", "b"],
      ],
      [["nothing", "nothing/*"], []],
    ];
    for (const [query, expected] of cases) {
      const matching = added.filter(({ topic }) => expected.includes(topic));
      const request = { patterns: query, event: "message" };
      expect(await messages.newest({ ...request, limit: 50 })).toEqual(matching.slice(-50));
      const found: Message[] = [];
      let after: string | undefined;
      for (let isDone = false; !isDone; ) {
        const page = await messages.read({ ...request, after, limit: 30 });
        found.push(...page.messages);
        after = page.cursor;
        isDone = page.messages.length < 30;
      }
      expect(found).toEqual(matching);
      // The page covers the messages of other topics, too.
      expect(after).toBe(end);
    }
  });

  test("an unknown id has a gap, and the page starts with the oldest message", async () => {
    const { id } = await add("a");
    const variants = [`${id}0`, `0${id}`, `${id}-x`, `${id}-`];
    for (const unknown of ["", "x", "-", "1-1", ...variants, "99999999999999-1", "0-x"]) {
      expect(await read(unknown)).toMatchObject({
        hasGap: true,
        messages: [{ data: { text: "a" } }],
      });
      expect(await messages.get(unknown)).toBeUndefined();
      expect(await messages.delete(unknown)).toBe(false);
    }
  });

  test("the start of an empty store can be continued until messages are dropped", async () => {
    const start = messages.subscribe(() => undefined);
    expect(await read(start)).toEqual({ messages: [], hasGap: false, cursor: start });
    await add("a");
    expect(await read(start)).toMatchObject({ messages: [{ data: { text: "a" } }], hasGap: false });
    await addAll(1300);
    expect((await read(start)).hasGap).toBe(true);
  });

  test("retains `keep` messages, and an id that was dropped has a gap", async () => {
    const first = await add("first");
    await addAll(1300);
    expect((await read(first.id)).hasGap).toBe(true);
    expect((await read(undefined, 2000)).messages).toHaveLength(1000);
    expect(texts(await messages.newest({ ...everything, limit: 1 }))).toEqual(["1299"]);
  });

  describe("deletion", () => {
    test("replaces the message by an event of its topic", async () => {
      const [a, b, c] = [await add("a"), await add("b", { topic: "x/y" }), await add("c")];
      expect(await messages.delete(b.id)).toBe(true);
      expect(await messages.delete(b.id)).toBe(false);
      expect(await messages.get(b.id)).toBeUndefined();
      const page = await read(a.id);
      expect(page).toMatchObject({
        hasGap: false,
        messages: [{ id: c.id }, { topic: "x/y", event: "deleted", data: { id: b.id } }],
      });
      // An event cannot be deleted.
      expect(await messages.delete(page.cursor)).toBe(false);
      expect(texts((await read(undefined, 10, ["x/*"])).messages)).toEqual(["deleted"]);
      expect(await messages.newest({ ...everything, event: "message", limit: 9 })).toEqual([a, c]);
    });

    test("of the oldest, the newest or the last read message is not a gap", async () => {
      const added = await addAll(5);
      for (const { id } of added) {
        await messages.delete(id);
        expect((await read(id)).hasGap).toBe(false);
      }
      for (const [at, { id }] of added.entries()) {
        // Messages that were deleted before the cursor are deleted after it, as well.
        const { messages: events, hasGap } = await read(id);
        expect([at, hasGap, texts(events)]).toEqual([at, false, Array(5).fill("deleted")]);
      }
      await messages.close();
      messages = await engine.open(id, 1000);
      expect((await read(added[0]?.id)).hasGap).toBe(false);
      expect(messages.subscribe(() => undefined)).toBe((await read()).cursor);
    });

    test("does not hide messages that the retention dropped", async () => {
      await messages.close();
      messages = await engine.open(id, 5);
      const added = await addAll(5);
      await messages.delete(added[0]?.id ?? "");
      await messages.delete(added[2]?.id ?? "");
      const [newest] = (await addAll(4)).slice(-1);
      // Of the five first, only the last one is left.
      for (const { id } of added.slice(0, 3)) expect((await read(id)).hasGap).toBe(true);
      expect((await read(added[3]?.id)).hasGap).toBe(false);
      const left = await messages.newest({ ...everything, event: "message", limit: 10 });
      expect(left).toHaveLength(5);
      expect(left.at(-1)).toEqual(newest as Message);
    });

    test("retains `keep` messages, and as many deletions", async () => {
      await messages.close();
      messages = await engine.open(id, 5);
      const kept = await add("kept");
      const deleted: Message[] = [];
      for (let i = 0; i < 20; i++) {
        const message = await add(`${i}`);
        await messages.delete(message.id);
        deleted.push(message);
      }
      const page = await read(undefined, 100);
      expect(texts(page.messages)).toEqual(["kept", ...Array(5).fill("deleted")]);
      expect((await read(kept.id)).hasGap).toBe(true);
      expect((await read(deleted.at(-7)?.id)).hasGap).toBe(true);
      const resumed = await read(deleted.at(-1)?.id);
      expect(resumed).toMatchObject({ hasGap: false, messages: [{ event: "deleted" }] });
      await addAll(5);
      const all = await read(undefined, 100);
      expect(all.messages.filter(({ event }) => event === "message")).toHaveLength(5);
    });

    test("keeps the idempotency key: a repeated request does not add the message again", async () => {
      const { id } = await add("once", { key: "key" });
      await messages.delete(id);
      expect((await say("once", { key: "key" })).outcome).toBe("deleted");
      expect(texts((await read()).messages)).toEqual(["deleted"]);
    });
  });

  test("a repeated key returns the same message, also concurrently and after a restart", async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () => say("once", { key: "key" })),
    );
    expect(new Set(results.map(({ message }) => message.id)).size).toBe(1);
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    await messages.close();
    messages = await engine.open(id, 1000);
    const again = await say("once", { key: "key" });
    expect(again).toEqual({ outcome: "repeated", message: results[0]?.message as Message });
    expect((await say("other", { key: "key" })).outcome).toBe("conflict");
    expect((await say("once", { key: "key", topic: "other" })).outcome).toBe("conflict");
    expect(texts((await read()).messages)).toEqual(["once"]);
  });

  // #region jobs
  test("finds a message by its key, and the deletion of a deleted one", async () => {
    const message = await add("once", { topic: "a", key: "a key" });
    expect(await messages.getByKey("a key")).toEqual(message);
    for (const other of ["", "a", "a key ", message.id]) {
      expect(await messages.getByKey(other)).toBeUndefined();
    }
    await messages.delete(message.id);
    const deletion = { topic: "a", event: "deleted", data: { id: message.id } };
    expect(await messages.getByKey("a key")).toMatchObject(deletion);
  });

  // #endregion
  test("a key expires with its message, and not before", async () => {
    await add("old", { key: "key" });
    await addAll(999, (i) => ({ key: `key ${i}` }));
    expect((await say("old", { key: "key" })).outcome).toBe("repeated");
    await add("one more");
    expect((await say("new", { key: "key" })).outcome).toBe("created");
    expect((await say("0", { key: "key 0" })).outcome).toBe("created");
    expect((await say("1", { key: "key 1" })).outcome).toBe("created");
    expect((await say("998", { key: "key 998" })).outcome).toBe("repeated");
  });

  test("lowering `keep` deletes the older messages", async () => {
    await addAll(300, (i) => ({ key: `key ${i}` }));
    await messages.close();
    messages = await engine.open(id, 10);
    for (let i = 300; i < 310; i++) await add(`${i}`);
    const page = await read(undefined, 1000);
    expect(texts(page.messages)).toEqual(Array.from({ length: 10 }, (_, i) => `${300 + i}`));
    expect((await say("again", { key: "key 0" })).outcome).toBe("created");
  });

  test("subscribers receive everything after their cursor, once and in order", async () => {
    const before = await add("before");
    const other = engine.isShared ? await engine.open(id, 1000) : messages;
    const received: Message[] = [];
    // The other instance receives the message a moment later.
    while (other.subscribe(() => undefined) !== before.id) await Bun.sleep(5);
    expect(messages.subscribe((published) => received.push(...published))).toBe(before.id);
    const added = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 ? messages : other).append({
          topic: "general",
          event: "message",
          data: { text: `${i}` },
        }),
      ),
    );
    while (received.length < 50) await Bun.sleep(5);
    expect(received).toEqual([...(await read(before.id, 100)).messages]);
    expect(added.every(({ outcome }) => outcome === "created")).toBe(true);
    if (other !== messages) await other.close();
  });

  test("messages are still there after it is opened again", async () => {
    const message = await add("kept");
    await messages.close();
    messages = await engine.open(id, 1000);
    expect((await read()).messages).toEqual([message]);
    await messages.ready();
  });

  // #region jobs
  test("the state of a topic outlives its messages, until it is removed", async () => {
    await messages.close();
    messages = await engine.open(id, 1);
    const report = (topic: string, progress: number) =>
      messages.append({ topic, event: "progress", data: { progress }, state: "set" });
    await report("a", 0.1);
    await report("b", 0.2);
    await report("a", 0.3);
    await addAll(10);
    await messages.close();
    messages = await engine.open(id, 1);
    const states = new Map([
      ["a", { progress: 0.3 }],
      ["b", { progress: 0.2 }],
    ]);
    expect(await messages.states()).toEqual(states);
    const end = { topic: "a", event: "result", data: {}, key: "end a" };
    await messages.append(end);
    expect((await messages.states()).size).toBe(2);
    // Also if the message itself is not added, because its key was used before.
    expect((await messages.append({ ...end, state: "remove" })).outcome).toBe("repeated");
    states.delete("a");
    expect(await messages.states()).toEqual(states);
  });

  test("after the end of a topic, a message that names its key is not added", async () => {
    const report = {
      topic: "a",
      event: "progress",
      data: {},
      state: "set",
      endKey: "end a",
    } as const;
    expect((await messages.append(report)).outcome).toBe("created");
    const end = { topic: "a", event: "error", data: {}, key: "end a", state: "remove" } as const;
    const [ended, late] = await Promise.all([messages.append(end), messages.append(report)]);
    expect(late).toEqual({ outcome: "conflict", message: ended.message });
    expect(texts((await read()).messages)).toEqual(["progress", "error"]);
    expect((await messages.states()).size).toBe(0);
    expect((await messages.append({ ...report, topic: "b", endKey: "end b" })).outcome).toBe(
      "created",
    );
  });
  // #endregion
}

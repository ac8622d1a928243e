// The contract of the message store: tests that every implementation has to pass.
import { afterEach, beforeEach, expect, test } from "bun:test";
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

  const add = async (text: string, key?: string) => (await messages.append(text, key)).message;
  const texts = (list: readonly Message[]) => list.map(({ text }) => text);

  test("stores messages in the order of their ids, and returns them page by page", async () => {
    const added: Message[] = [];
    for (const text of ["a", "b c", "\0\n🙂", "d"]) added.push(await add(text));
    expect(await messages.read(undefined, 10)).toEqual({ messages: added, hasGap: false });
    expect(await messages.read(added[0]?.id, 2)).toEqual({
      messages: added.slice(1, 3),
      hasGap: false,
    });
    expect(await messages.read(added[3]?.id, 2)).toEqual({ messages: [], hasGap: false });
    expect(await messages.newest(2)).toEqual(added.slice(2));
    expect(await messages.get(added[1]?.id ?? "")).toEqual(added[1]);
  });

  test("an unknown id has a gap, and the page starts with the oldest message", async () => {
    const { id } = await add("a");
    for (const unknown of ["", "x", "-", "1-1", `${id}0`, `0${id}`, "99999999999999-1", "0-x"]) {
      expect(await messages.read(unknown, 10)).toMatchObject({
        hasGap: true,
        messages: [{ text: "a" }],
      });
      expect(await messages.get(unknown)).toBeUndefined();
    }
  });

  test("the start of an empty store can be continued until messages are deleted", async () => {
    const start = messages.subscribe(() => undefined);
    expect(await messages.read(start, 10)).toEqual({ messages: [], hasGap: false });
    await add("a");
    expect(await messages.read(start, 10)).toMatchObject({
      messages: [{ text: "a" }],
      hasGap: false,
    });
    for (let i = 0; i < 1300; i++) await add(`${i}`);
    expect((await messages.read(start, 10)).hasGap).toBe(true);
  });

  test("retains `keep` messages, and an id that was deleted has a gap", async () => {
    const first = await add("first");
    await Promise.all(Array.from({ length: 1300 }, (_, i) => add(`${i}`)));
    const page = await messages.read(first.id, 10);
    expect(page.hasGap).toBe(true);
    expect((await messages.read(undefined, 2000)).messages).toHaveLength(1000);
    expect(texts(await messages.newest(1))).toEqual(["1299"]);
  });

  test("a repeated key returns the same message, also concurrently and after a restart", async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () => messages.append("once", "key")),
    );
    expect(new Set(results.map(({ message }) => message.id)).size).toBe(1);
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    await messages.close();
    messages = await engine.open(id, 1000);
    const again = await messages.append("once", "key");
    expect(again).toEqual({ outcome: "repeated", message: results[0]?.message as Message });
    expect((await messages.append("other", "key")).outcome).toBe("conflict");
    expect(texts((await messages.read(undefined, 10)).messages)).toEqual(["once"]);
  });

  test("a key expires with its message, and not before", async () => {
    await add("old", "key");
    await Promise.all(Array.from({ length: 999 }, (_, i) => add(`${i}`, `key ${i}`)));
    expect((await messages.append("old", "key")).outcome).toBe("repeated");
    await add("one more");
    expect((await messages.append("new", "key")).outcome).toBe("created");
    expect((await messages.append("0", "key 0")).outcome).toBe("created");
    expect((await messages.append("1", "key 1")).outcome).toBe("created");
    expect((await messages.append("998", "key 998")).outcome).toBe("repeated");
  });

  test("lowering `keep` deletes the older messages", async () => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => add(`${i}`, `key ${i}`)));
    await messages.close();
    messages = await engine.open(id, 10);
    for (let i = 300; i < 310; i++) await add(`${i}`);
    const page = await messages.read(undefined, 1000);
    expect(texts(page.messages)).toEqual(Array.from({ length: 10 }, (_, i) => `${300 + i}`));
    expect((await messages.append("again", "key 0")).outcome).toBe("created");
  });

  test("subscribers receive everything after their cursor, once and in order", async () => {
    const before = await add("before");
    const other = engine.isShared ? await engine.open(id, 1000) : messages;
    const received: Message[] = [];
    // The other instance receives the message a moment later.
    while (other.subscribe(() => undefined) !== before.id) await Bun.sleep(5);
    expect(messages.subscribe((published) => received.push(...published))).toBe(before.id);
    const added = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? messages : other).append(`${i}`)),
    );
    while (received.length < 50) await Bun.sleep(5);
    expect(received).toEqual([...(await messages.read(before.id, 100)).messages]);
    expect(added.every(({ outcome }) => outcome === "created")).toBe(true);
    if (other !== messages) await other.close();
  });

  test("messages are still there after it is opened again", async () => {
    const message = await add("kept");
    await messages.close();
    messages = await engine.open(id, 1000);
    expect((await messages.read(undefined, 10)).messages).toEqual([message]);
    await messages.ready();
  });
}

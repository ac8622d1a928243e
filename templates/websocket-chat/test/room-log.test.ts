// The contract of `RoomLog`, which both implementations fulfil.
import { afterEach, describe, expect, test } from "bun:test";
import type { Draft } from "../src/features/chat/room-log/room-log.ts";
import { LIMITS } from "../src/limits.ts";
import type { EventKind, Position, User } from "../src/protocol.ts";
import { until } from "./server.ts";
import { engines, setUp } from "./stores.ts";

const ada: User = { id: "a", name: "Ada" };
const bob: User = { id: "b", name: "Bob" };
const at = new Date(0).toISOString();

/** Fields of an event; the others are filled in. */
type Fields = { readonly type: EventKind } & Record<string, unknown>;
let keys = 0;
function draft(fields: Fields, from = ada): Draft {
  return { room: "general", key: `key-${++keys}`, from, at, ...fields } as Draft;
}
const chat = (text: string, key = text, from = ada, room = "general") =>
  draft({ type: "chat", room, text, key }, from);

for (const engine of engines) {
  describe.skipIf(engine.skip)(engine.name, () => {
    const cleanups: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });
    const open = () => setUp(engine, cleanups);

    test("offsets of a room count up by one from 1, in the order of the deliveries", async () => {
      const { log, recorder } = await open();
      const texts = Array.from({ length: 100 }, (_, i) => `m${i}`);
      const stored = await Promise.all(texts.map((text) => log.append(chat(text))));
      expect(stored.map(({ offset }) => offset)).toEqual(texts.map((_, i) => i + 1));
      expect((await log.append(chat("x", "other", ada, "other"))).offset).toBe(1);
      await until(() => recorder.frames("room:general").length === 100, "everything is delivered");
      expect(recorder.frames("room:general")[99]).toEqual({
        type: "chat",
        room: "general",
        epoch: stored[0]?.epoch ?? "",
        offset: 100,
        from: ada,
        text: "m99",
        at,
        key: "m99",
      });
    });

    test("a key belongs to its sender, and is still known after a restart", async () => {
      const { log, start, close, recorder } = await open();
      const [first, again] = await Promise.all([
        log.append(chat("once", "key")),
        log.append(chat("once", "key")),
      ]);
      expect(again).toEqual(first);
      expect((await log.append(chat("mine", "key", bob))).offset).toBe(2);
      await until(() => recorder.deliveries.length >= 2, "both messages are delivered");
      await close();
      const next = await start();
      expect(await next.log.append(chat("once", "key"))).toEqual(first);
      expect((await next.log.append(chat("new"))).offset).toBe(3);
      await until(() => next.recorder.deliveries.length >= 1, "the new message is delivered");
      expect(recorder.deliveries).toHaveLength(2);
      expect(next.recorder.deliveries).toHaveLength(1);
    });

    test("closing stores the events of the same tick, or refuses them, and does nothing later", async () => {
      const { log, start, close } = await open();
      const appended = Promise.allSettled([log.append(chat("one")), log.append(chat("two"))]);
      await close();
      await Bun.sleep(10);
      const stored = (await appended).filter(({ status }) => status === "fulfilled");
      const next = await start();
      expect((await next.log.read("general")).offset).toBeGreaterThanOrEqual(stored.length);
    });

    test("a bug is not reported as a store that is unavailable, and does no harm", async () => {
      const { log } = await open();
      const drafts = [draft({ type: "chat", text: 1n }), chat("of the same tick")];
      const [bug] = await Promise.allSettled(drafts.map((each) => log.append(each)));
      expect(bug).toEqual({ status: "rejected", reason: expect.any(TypeError) });
      const { offset } = await log.append(chat("later"));
      expect((await log.read("general")).entries).toHaveLength(offset);
    });

    test("keys of different senders do not collide, also if an id contains a space", async () => {
      const { log } = await open();
      const spaced = { id: "a b", name: "Ada" };
      expect((await log.append(chat("one", "c", spaced))).offset).toBe(1);
      expect((await log.append(chat("two", "b c", ada))).offset).toBe(2);
    });

    test("a position gets the events after it; one that cannot be continued gets the latest messages", async () => {
      const { log } = await open();
      const { epoch, ...empty } = await log.read("general");
      expect(empty).toEqual({ offset: 0, recovered: false, hasMore: false, entries: [] });
      const total = LIMITS.messages + 5;
      const texts = Array.from({ length: total }, (_, i) => `m${i + 1}`);
      await Promise.all(texts.map((text) => log.append(chat(text))));
      const read = async (after?: Position) => {
        const { offset, recovered, entries } = await log.read("general", after);
        expect(offset).toBe(total);
        return { recovered, texts: entries.map((entry) => JSON.parse(entry).text) };
      };
      const latest = { recovered: false, texts: texts.slice(-LIMITS.latest) };
      const last = { recovered: true, texts: texts.slice(-2) };
      expect(await read({ epoch, offset: total - 2 })).toEqual(last);
      expect(await read({ epoch, offset: total })).toEqual({ recovered: true, texts: [] });
      expect(await read({ epoch, offset: 5 })).toEqual({ recovered: true, texts: texts.slice(5) });
      expect(await read()).toEqual(latest);
      expect(await read({ epoch, offset: 4 })).toEqual(latest);
      expect(await read({ epoch, offset: total + 1 })).toEqual(latest);
      expect(await read({ epoch: "another", offset: total })).toEqual(latest);
    });

    test("a read returns a limited number of bytes, and the reads after it the other events", async () => {
      const { log } = await open();
      const texts = [..."xé語🦊"].map((character) => character.repeat(4000));
      const sent = Array.from({ length: 200 }, (_, i) => chat(texts[i % 4] ?? "", `key-${i}`));
      await Promise.all(sent.map((one) => log.append(one)));
      let position: Position = { ...(await log.read("general")), offset: 0 };
      const read: string[] = [];
      for (let hasMore = true; hasMore; ) {
        const history = await log.read("general", position);
        expect(history).toMatchObject({
          recovered: true,
          offset: read.length + history.entries.length,
        });
        expect(Buffer.byteLength(history.entries.join(""))).toBeLessThanOrEqual(LIMITS.replyBytes);
        expect(history.entries.length).toBeGreaterThan(10);
        read.push(...history.entries);
        ({ hasMore } = history);
        position = history;
      }
      expect(read.map((event) => JSON.parse(event).key)).toEqual(sent.map(({ key }) => key));
    });

    test("what a read returns has been delivered", async () => {
      const { log, recorder } = await open();
      const { epoch } = await log.read("general");
      const sent = Array.from({ length: 300 }, (_, i) => log.append(chat(`m${i}`)));
      for (let i = 0; i < 30; i++) {
        const { entries } = await log.read("general", { epoch, offset: 0 });
        const delivered = recorder.deliveries.map(({ frame }) => frame);
        expect(delivered.slice(0, entries.length)).toEqual([...entries]);
      }
      await Promise.all(sent);
    });
    // #region edits

    test("edits and deletions are events, and change what a read returns", async () => {
      const { log, recorder } = await open();
      const { epoch } = await log.append(chat("first"));
      await log.append(chat("secret", "second"));
      const edit = draft({ type: "edit", target: 2, text: "more secret" });
      expect(await log.append(edit)).toEqual({ room: "general", epoch, offset: 3 });
      const changed = (await log.read("general")).entries.map((message) => JSON.parse(message));
      expect(changed.map(({ text, edited }) => [text, edited])).toEqual([
        ["first", undefined],
        ["more secret", true],
      ]);
      const deletion = draft({ type: "delete", target: 2 });
      expect((await log.append(deletion)).offset).toBe(4);
      expect((await log.read("general")).entries).toHaveLength(1);
      // Nothing is left of the text, also not in the events that led to it.
      const events = (await log.read("general", { epoch, offset: 0 })).entries;
      expect(events.map((event) => JSON.parse(event).offset)).toEqual([1, 2, 3, 4]);
      expect(events.join()).not.toContain("secret");
      expect(JSON.parse(events[3] ?? "")).toEqual({
        ...{ type: "delete", room: "general", epoch, offset: 4, target: 2, from: ada, at },
        key: deletion.key,
      });
      await until(() => recorder.deliveries.length === 4, "everything is delivered");
      // Every kind can be sent again.
      expect((await log.append(edit)).offset).toBe(3);
      expect((await log.append(deletion)).offset).toBe(4);
      expect((await log.read("general")).offset).toBe(4);
    });

    test("only the author can change a message, and a refused event does not use up its key", async () => {
      const { log } = await open();
      await log.append(chat("mine"));
      for (const type of ["edit", "delete"] as const) {
        const foreign = draft({ type, target: 1, text: "yours", key: `key of ${type}` }, bob);
        await expect(log.append(foreign)).rejects.toMatchObject({ code: "forbidden" });
        const missing = draft({ type, target: 7, text: "x", key: `key of ${type}` }, bob);
        await expect(log.append(missing)).rejects.toMatchObject({ code: "not_found" });
      }
      expect((await log.append(chat("fine", "key of edit", bob))).offset).toBe(2);
      expect((await log.read("general")).offset).toBe(2);
    });

    test("retention does not count deleted messages", async () => {
      const { log } = await open();
      const send = (name: string, count: number) =>
        Promise.all(Array.from({ length: count }, (_, i) => log.append(chat(`${name} ${i}`))));
      const half = LIMITS.messages / 2;
      const [first] = await send("early", half);
      const deleted = await send("deleted", 100);
      for (const { offset } of deleted) {
        await log.append(draft({ type: "delete", target: offset }));
      }
      await send("late", half);
      const read = (offset: number) => log.read("general", { epoch: first?.epoch ?? "", offset });
      expect(await read(0)).toMatchObject({ recovered: true });
      await log.append(draft({ type: "edit", target: 1, text: "still stored" }));
      await send("one more", 1);
      expect(await read(0)).toMatchObject({ recovered: false });
      expect(await read(1)).toMatchObject({ recovered: true });
    });

    test("a deletion survives a restart", async () => {
      const { log, start, close } = await open();
      const { epoch } = await log.append(chat("secret"));
      await log.append(draft({ type: "delete", target: 1 }));
      await close();
      const next = await start();
      expect((await next.log.read("general", { epoch, offset: 0 })).entries).toHaveLength(2);
      expect((await next.log.read("general")).entries).toEqual([]);
      const late = draft({ type: "edit", target: 1, text: "again" });
      await expect(next.log.append(late)).rejects.toMatchObject({ code: "not_found" });
    });
    // #endregion
    // #region reactions

    test("reactions are part of the message; one that changes nothing is not an event", async () => {
      const { log, recorder } = await open();
      await log.append(chat("hello"));
      const react = (on: boolean, from = ada, emoji = "👍") =>
        log.append(draft({ type: "react", target: 1, emoji, on }, from));
      expect((await react(true)).offset).toBe(2);
      expect((await react(true, bob)).offset).toBe(3);
      expect((await react(true)).offset).toBe(3);
      expect((await react(true, ada, "🎉")).offset).toBe(4);
      expect((await react(false)).offset).toBe(5);
      expect((await react(false)).offset).toBe(5);
      const [message = ""] = (await log.read("general")).entries;
      expect(JSON.parse(message).reactions).toEqual([
        { emoji: "👍", users: [bob] },
        { emoji: "🎉", users: [ada] },
      ]);
      await until(() => recorder.deliveries.length === 5, "everything is delivered");
    });

    test("the key of a reaction that changed nothing is still known after a restart", async () => {
      const { log, start, close } = await open();
      await log.append(chat("hello"));
      const react = (on: boolean) => draft({ type: "react", target: 1, emoji: "👍", on });
      const without = react(false);
      expect((await log.append(without)).offset).toBe(1);
      expect((await log.append(react(true))).offset).toBe(2);
      await close();
      const next = await start();
      expect((await next.log.append(without)).offset).toBe(1);
      expect((await next.log.read("general")).offset).toBe(2);
    });

    test("reactions at the same time are all counted", async () => {
      const { log } = await open();
      await log.append(chat("hello"));
      const users = Array.from({ length: 20 }, (_, i) => ({ id: `u${i}`, name: `User ${i}` }));
      await Promise.all(
        users.map((user) =>
          log.append(draft({ type: "react", target: 1, emoji: "👍", on: true }, user)),
        ),
      );
      const [message = ""] = (await log.read("general")).entries;
      expect(JSON.parse(message).reactions[0].users).toHaveLength(20);
    });

    test("a message has at most as many reactions as the limit; others can still be removed", async () => {
      const { log } = await open();
      await log.append(chat("hello"));
      const react = (on: boolean, user: number) =>
        log.append(
          draft(
            { type: "react", target: 1, emoji: user % 2 ? "👍" : "🎉", on },
            { id: `u${user}`, name: "User" },
          ),
        );
      for (let user = 0; user < LIMITS.reactions; user++) await react(true, user);
      const more = LIMITS.reactions;
      await expect(react(true, more)).rejects.toMatchObject({ code: "forbidden" });
      await react(false, 0);
      await react(true, more);
      expect((await log.read("general")).offset).toBe(LIMITS.reactions + 3);
    });

    test("retention counts messages, not events", async () => {
      const { log } = await open();
      const { epoch } = await log.append(chat("first"));
      const total = LIMITS.events + 100;
      const toggles = Array.from({ length: total }, (_, i) =>
        draft({ type: "react", target: 1, emoji: "👍", on: i % 2 === 0 }),
      );
      for (const toggle of toggles) await log.append(toggle);
      const fresh = await log.read("general");
      expect(fresh.offset).toBe(total + 1);
      expect(fresh.entries.map((message) => JSON.parse(message).text)).toEqual(["first"]);
      const { recovered } = await log.read("general", { epoch, offset: 1 });
      expect(recovered).toBe(false);
      const recent = await log.read("general", { epoch, offset: total - 100 });
      expect(recent).toMatchObject({ recovered: true, entries: { length: 101 } });
    });
    // #endregion
  });
}

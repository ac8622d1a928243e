// The protocol, frame by frame.
import { describe, expect, test } from "bun:test";
import { LIMITS } from "../src/limits.ts";
import { PROTOCOL } from "../src/protocol.ts";
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

const server = ChatServer.shared();

let rooms = 0;
const newRoom = () => `room-${++rooms}`;
const open = (name: string) => Socket.open(server.url, name);

describe("welcome and ping", () => {
  test("the first frame contains the user and the protocol version", async () => {
    using ada = await open("Ada");
    expect(ada.frames).toEqual([
      { type: "welcome", you: { id: expect.any(String), name: "Ada" }, protocol: PROTOCOL },
    ]);
  });

  test("the reply to a ping has its ref", async () => {
    using ada = await open("Ada");
    expect(await ada.ask({ type: "ping", ref: 7 })).toEqual({ type: "pong", ref: 7 });
  });
});

describe("rooms", () => {
  test("the reply to a join has the position, the members and the latest messages", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    const { ref: _, ...empty } = await ada.join(room);
    expect(empty).toEqual({
      type: "ok",
      room,
      epoch: expect.any(String),
      offset: 0,
      recovered: false,
      messages: [],
      members: [ada.you],
    });
    await ada.chat(room, "first");
    using bob = await open("Bob");
    const joined = await bob.join(room);
    expect(joined.offset).toBe(1);
    expect(joined.messages.map(({ text }) => text)).toEqual(["first"]);
    expect(joined.members).toEqual([ada.you, bob.you]);
  });

  test("the reply to a join in a large room has 500 members, and the others follow", async () => {
    const count = LIMITS.replyMembers + 3;
    using sockets = new DisposableStack();
    const ids: string[] = [];
    for (let i = 1; i < count; i++) {
      const socket = sockets.use(await open(`User ${i}`));
      ids.push(socket.you.id);
      await socket.join("crowd");
      // Otherwise it would also read a frame about each later member.
      socket.pause();
    }
    const last = sockets.use(await open("Last"));
    const { members } = await last.join("crowd");
    expect(members).toHaveLength(LIMITS.replyMembers);
    await last.settled();
    const others = last.all("user-joined").map(({ user }) => user);
    const known = [...members, ...others].map(({ id }) => id);
    expect(known.toSorted()).toEqual([...ids, last.you.id].toSorted());
  });

  test("members see a user with several tabs join and leave once", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    await ada.join(room);
    const bob = await open("Bob");
    const tab = await Socket.openAs(server.url, bob.cookie);
    await bob.join(room);
    await tab.join(room);
    bob.drop();
    await tab.ask({ type: "leave", room });
    await ada.next("user-left");
    await ada.settled();
    const { you } = bob;
    expect(ada.all("user-joined")).toEqual([{ type: "user-joined", room, user: you }]);
    expect(ada.all("user-left")).toEqual([{ type: "user-left", room, user: you }]);
    expect(tab.all("user-joined")).toEqual([]);
    expect((await ada.join(room)).members).toEqual([ada.you]);
    tab.drop();
  });

  test("a room that was not joined, or was left, is not_in_room", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    const chat = { type: "chat", room, text: "hello", key: "k" };
    expect(await ada.ask(chat)).toMatchObject({ type: "error", code: "not_in_room" });
    await ada.join(room);
    expect(await ada.ask({ type: "leave", room })).toMatchObject({ type: "ok", room });
    expect(await ada.ask(chat)).toMatchObject({ type: "error", code: "not_in_room" });
    expect(await ada.ask({ type: "leave", room })).toMatchObject({ code: "not_in_room" });
  });

  test("frames that are sent right after a join are handled after it", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    ada.send({ type: "join", ref: 1, room });
    ada.send({ type: "chat", ref: 2, room, text: "immediately", key: "k" });
    ada.send({ type: "leave", ref: 3, room });
    ada.send({ type: "join", ref: 4, room });
    const again = await ada.next("ok", ({ ref }) => ref === 4);
    await ada.next("ok", ({ ref }) => ref === 2);
    expect(again).toMatchObject({ ref: 4, members: [ada.you] });
    expect(ada.all("error")).toEqual([]);
  });

  test("a connection may be in 50 rooms", async () => {
    using ada = await open("Ada");
    const prefix = newRoom();
    for (let i = 0; i < 50; i++) await ada.join(`${prefix}-${i}`);
    const more = { type: "join", room: `${prefix}-more` };
    expect(await ada.ask(more)).toMatchObject({ code: "too_many_rooms", retry: false });
    await ada.ask({ type: "leave", room: `${prefix}-0` });
    expect(await ada.ask(more)).toMatchObject({ type: "ok" });
  });
});

describe("messages", () => {
  test("all members, including the sender, get a message once, with its offset", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    using bob = await open("Bob");
    const { epoch } = await ada.join(room);
    await bob.join(room);
    const ok = await ada.ask({ type: "chat", room, text: "hello", key: "k" });
    expect(ok).toEqual({ type: "ok", ref: expect.anything(), room, epoch, offset: 1 });
    const chat = await bob.next("chat");
    expect(chat).toEqual({
      type: "chat",
      room,
      epoch,
      offset: 1,
      from: ada.you,
      text: "hello",
      at: expect.any(String),
      key: "k",
    });
    expect(Math.abs(Date.parse(chat.at) - Date.now())).toBeLessThan(60_000);
    await Promise.all([ada.settled(), bob.settled()]);
    expect(ada.all("chat")).toEqual([chat]);
    expect(bob.all("chat")).toEqual([chat]);
  });

  test("offsets count up by one, and all members see the same order", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    using bob = await open("Bob");
    await ada.join(room);
    await bob.join(room);
    const turns = Array.from({ length: 20 }, (_, i) => [
      ada.chat(room, `a${i}`),
      bob.chat(room, `b${i}`),
    ]);
    await Promise.all(turns.flat());
    await Promise.all([ada.settled(), bob.settled()]);
    expect(ada.all("chat").map(({ offset }) => offset)).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    expect(bob.all("chat")).toEqual(ada.all("chat"));
  });

  test("a repeated key gets the same ok, and the message is delivered once", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    using bob = await open("Bob");
    await ada.join(room);
    await bob.join(room);
    const first = await ada.chat(room, "once", "same");
    const again = await ada.chat(room, "once", "same");
    expect({ ...again, ref: first.ref }).toEqual(first);
    expect((await bob.chat(room, "the same key of another user", "same")).offset).toBe(2);
    await bob.settled();
    expect(bob.all("chat").map(({ offset }) => offset)).toEqual([1, 2]);
  });

  test("4001 characters are too_long, and a character beyond U+FFFF counts as one", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    await ada.join(room);
    await ada.chat(room, "ä".repeat(4000));
    await ada.chat(room, "🦊".repeat(4000));
    for (const text of ["x".repeat(4001), "🦊".repeat(4001)]) {
      const answer = await ada.ask({ type: "chat", room, text, key: "long" });
      expect(answer).toMatchObject({ type: "error", code: "too_long" });
    }
    expect(ada.all("chat")).toHaveLength(2);
  });

  test("a lone surrogate is stored as it is delivered", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    await ada.join(room);
    await ada.chat(room, "half \ud800 a pair");
    const { text } = await ada.next("chat");
    expect((await ada.join(room)).messages[0]?.text).toBe(text);
  });
});

// Recovery after a lost connection, a crash, a slow consumer, a restart and a full disk.
import { Database } from "bun:sqlite";
import { beforeAll, describe, expect, test } from "bun:test";
import { chmod, cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentBoot, isSameBoot } from "../src/features/chat/room-log/boot.ts";
import { LIMITS } from "../src/limits.ts";
import { CLOSE, type Position, type User } from "../src/protocol.ts";
import { Follower } from "./follower.ts";
import { readMetric } from "./metrics.ts";
import { FaultyProxy } from "./proxy.ts";
import { OPCODE, RawSocket } from "./raw.ts";
import { ChatServer, until } from "./server.ts";
import { Socket, startSession } from "./socket.ts";

const FAST = { RATE_LIMIT: "1000000" };

describe("recovery", () => {
  test("a join with the last position gets the missed messages, in order, once", async () => {
    await using server = await ChatServer.start(FAST);
    using ada = await Socket.open(server.url, "Ada");
    await ada.join("general");
    for (let i = 1; i <= 5; i++) await ada.chat("general", `m${i}`);
    const { epoch } = await ada.join("general");
    using bob = await Socket.open(server.url, "Bob");
    const joined = await bob.join("general", { epoch, offset: 2 });
    expect(joined).toMatchObject({ recovered: true, offset: 5 });
    expect(joined.messages).toEqual(ada.all("chat").slice(2));
    const nothing = await bob.join("general", { epoch, offset: 5 });
    expect(nothing).toMatchObject({ recovered: true, offset: 5, messages: [] });
    const all = await bob.join("general", { epoch, offset: 0 });
    expect(all).toMatchObject({ recovered: true, messages: ada.all("chat") });
  });

  test("without recovery (unknown epoch, future offset, trimmed messages) a join gets the latest messages", async () => {
    await using server = await ChatServer.start(FAST);
    using ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("general");
    const total = LIMITS.messages + 10;
    await Promise.all(Array.from({ length: total }, (_, i) => ada.chat("general", `m${i + 1}`)));
    const latest = expect.objectContaining({ recovered: false, offset: total });
    for (const after of [
      { epoch: "another", offset: total },
      { epoch, offset: total + 1 },
      { epoch, offset: 9 },
    ]) {
      const joined = await ada.join("general", after);
      expect(joined).toEqual(latest);
      expect(joined.messages).toHaveLength(LIMITS.latest);
      expect(joined.messages.at(-1)?.offset).toBe(total);
    }
    expect(await recover(server, "general", { epoch, offset: 10 }, total)).toEqual(
      Array.from({ length: LIMITS.messages }, (_, i) => i + 11),
    );
  });

  test("kill -9 loses no acknowledged message, and a repeated key is still known", async () => {
    await using server = await ChatServer.start(FAST);
    const cookie = await startSession(server.url, "Ada");
    const ada = await Socket.openAs(server.url, cookie);
    const { epoch } = await ada.join("general");
    const acknowledged: { offset: number; text: string }[] = [];
    const sending = Array.from({ length: 500 }, async (_, i) => {
      const { offset } = await ada.chat("general", `m${i}`, `key-${i}`);
      acknowledged.push({ offset, text: `m${i}` });
    });
    const sent = Promise.allSettled(sending);
    await until(() => acknowledged.length > 50, "some messages are acknowledged");
    await server.crash();
    await sent;
    await server.restart();

    using again = await Socket.openAs(server.url, cookie);
    const { messages, offset } = await again.join("general", { epoch, offset: 0 });
    expect(messages.map((message) => message.offset)).toEqual(messages.map((_, i) => i + 1));
    expect(messages).toEqual(
      expect.arrayContaining(acknowledged.map((one) => expect.objectContaining(one))),
    );
    const first = acknowledged.find(({ text }) => text === "m0");
    const resent = await again.chat("general", "m0", "key-0");
    expect(resent).toMatchObject({ epoch, offset: first?.offset ?? 0 });
    expect((await again.chat("general", "new")).offset).toBe(offset + 1);
  });
});

const fileOf = (server: ChatServer) => join(server.directory, "chat.db");

/** Sends the messages in batches: the sender receives them too, and must not become a slow consumer. */
async function flood(sender: Socket, text: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 25) {
    const batch = Math.min(25, count - sent);
    await Promise.all(Array.from({ length: batch }, () => sender.chat("busy", text)));
    await sender.settled();
  }
}

/** Joins as a new user. @returns the offsets of all events from `after` to `head`. */
async function recover(server: ChatServer, room: string, after: Position, head: number) {
  using socket = await Socket.open(server.url, "Recovering");
  const { recovered, messages, offset } = await socket.join(room, after);
  expect(recovered).toBe(true);
  expect(JSON.stringify(messages).length).toBeLessThan(1.1 * LIMITS.replyBytes);
  expect(messages.at(-1)?.offset).toBe(offset);
  if (offset < head) await socket.next("chat", (event) => event.offset === head);
  return [...messages, ...socket.all("chat")].map((event) => event.offset);
}

describe("slow consumers", () => {
  test("a client that stops reading is closed with 1013, and recovers every message in order", async () => {
    await using server = await ChatServer.start({ ...FAST, METRICS_PORT: "0" });
    const cookie = await startSession(server.url, "Slow");
    const { socket: slow } = await RawSocket.open(server.url, { cookie });
    using _ = slow;
    slow.send({ opcode: OPCODE.text, payload: '{"type":"join","ref":1,"room":"busy"}' });
    const epoch = String((await slow.json("ok")).epoch);
    slow.pause();
    using ada = await Socket.open(server.url, "Ada");
    await ada.join("busy");
    const text = "x".repeat(4000);
    let sent = 0;
    // The buffers of the kernel fill up first, then that of the server.
    while (ada.all("user-left").length === 0) {
      await flood(ada, text, 50);
      sent += 50;
    }
    slow.resume();
    expect(await slow.closeCode()).toBe(CLOSE.slowConsumer);
    await slow.ended;
    expect(await readMetric(server, "chat_slow_consumers_closed_total")).toBe(1);
    const offsets = slow.frames
      .filter(({ opcode }) => opcode === OPCODE.text)
      .map(({ payload }) => JSON.parse(payload.toString()))
      .filter(({ type }) => type === "chat")
      .map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.map((_, i) => i + 1));
    expect(offsets.length).toBeLessThan(sent);

    // The room was trimmed in the meantime, so recover from a message that was retained.
    const position = { epoch, offset: Math.max(offsets.length, sent - 100) };
    expect(await recover(server, "busy", position, sent)).toEqual(
      Array.from({ length: sent - position.offset }, (_, i) => position.offset + i + 1),
    );
  });

  test("a client that reads a long replay slowly stays connected, and misses nothing", async () => {
    await using server = await ChatServer.start(FAST);
    using ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("busy");
    const text = "ä".repeat(4000);
    await flood(ada, text, LIMITS.messages);
    const cookie = await startSession(server.url, "Slow");
    const { socket: slow } = await RawSocket.open(server.url, { cookie });
    using _ = slow;
    await slow.json("welcome");
    slow.pause();
    const after = { epoch, offset: 0 };
    const join = { type: "join", ref: 1, room: "busy", after };
    slow.send({ opcode: OPCODE.text, payload: JSON.stringify(join) });
    await ada.next("user-joined");
    await flood(ada, text, 300);
    using bob = await Socket.open(server.url, "Bob");
    await bob.join("busy");
    // Members who come and go in the meantime are not queued for it.
    for (let i = 0; i < 20; i++) {
      using guest = await Socket.open(server.url, `Guest ${i}`);
      await guest.join("busy");
      await guest.ask({ type: "leave", room: "busy" });
    }
    await ada.ask({ type: "leave", room: "busy" });
    slow.resume();
    await slow.next(({ payload }) => payload.includes("user-left"));
    await ada.join("busy");
    await slow.next(({ payload }) => payload.includes(`"offset":${LIMITS.messages + 300}`));
    await ada.chat("busy", "live again");
    await slow.next(({ payload }) => payload.includes("live again"));
    const frames = slow.frames
      .filter(({ opcode }) => opcode === OPCODE.text)
      .map(({ payload }) => JSON.parse(payload.toString()));
    const chats = frames.flatMap((frame) => (frame.type === "ok" ? frame.messages : [frame]));
    const offsets = chats.filter(({ type }) => type === "chat").map(({ offset }) => offset);
    expect(offsets).toEqual(Array.from({ length: LIMITS.messages + 301 }, (_, i) => i + 1));
    const changes = frames.filter(({ type }) => type === "user-joined" || type === "user-left");
    const known = new Set(
      frames.flatMap(({ members = [] }) => members.map((user: User) => user.id)),
    );
    for (const { type, user } of changes) {
      if (type === "user-left") known.delete(user.id);
      else known.add(user.id);
    }
    const { members } = await bob.join("busy");
    expect([...known].toSorted()).toEqual(members.map(({ id }) => id).toSorted());
    expect(frames.filter(({ user }) => /Guest/.test(user?.name))).toEqual([]);
  });

  test("a long replay over a slow network ends, also if the client checks the connection", async () => {
    await using server = await ChatServer.start(FAST);
    using ada = await Socket.open(server.url, "Ada");
    await ada.join("busy");
    await ada.chat("busy", "first");
    const cookie = await startSession(server.url, "Slow");
    await using proxy = await FaultyProxy.start(server.port);
    using slow = new Follower(proxy.url, cookie, "busy");
    await slow.joined;
    proxy.silence();
    await flood(ada, "x".repeat(4000), 500);
    proxy.bytesPerSecond = 200_000;
    proxy.drop();
    await until(() => slow.connections === 2, "it connects again");
    // From now on it takes 10 s to read 2 MB, and the client takes 4 s without a frame for a lost connection.
    await Bun.sleep(1000);
    slow.check();
    const offsets = () => slow.seen.map(({ offset }) => offset);
    await until(() => offsets().includes(501), "it has caught up");
    expect(offsets()).toEqual(Array.from({ length: 500 }, (_, i) => i + 2));
    expect(slow.connections).toBe(2);
  }, 60_000);

  test("a client that reads nothing of a long replay is disconnected, even if it sends frames", async () => {
    await using server = await ChatServer.start({
      ...FAST,
      ...{ IDLE_TIMEOUT_S: "8", METRICS_PORT: "0" },
    });
    using ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("busy");
    const text = "語".repeat(4000);
    await flood(ada, text, LIMITS.messages);
    const cookie = await startSession(server.url, "Stuck");
    const { socket: stuck } = await RawSocket.open(server.url, { cookie });
    using _ = stuck;
    await stuck.json("welcome");
    stuck.pause();
    const join = { type: "join", ref: 1, room: "busy", after: { epoch, offset: 0 } };
    stuck.send({ opcode: OPCODE.text, payload: JSON.stringify(join) });
    await until(() => {
      stuck.send({ opcode: OPCODE.text, payload: '{"type":"ping","ref":2}' });
      return ada.all("user-left").length > 0;
    }, "it is disconnected");
    expect(await readMetric(server, "chat_slow_consumers_closed_total")).toBe(1);
  });

  test("a client that sends and does not read the replies is closed with 1013", async () => {
    await using server = await ChatServer.start({ ...FAST, METRICS_PORT: "0" });
    const cookie = await startSession(server.url, "Deaf");
    const { socket: deaf } = await RawSocket.open(server.url, { cookie });
    using _ = deaf;
    await deaf.json("welcome");
    deaf.pause();
    const ping = JSON.stringify({ type: "ping", ref: "x".repeat(128) });
    const total = () => readMetric(server, "chat_slow_consumers_closed_total");
    await until(async () => {
      for (let i = 0; i < 500; i++) deaf.send({ opcode: OPCODE.text, payload: ping });
      return (await total()) === 1;
    }, "it is disconnected");
    deaf.resume();
    expect(await deaf.closeCode()).toBe(CLOSE.slowConsumer);
  });

  test("a store that fails during a replay closes the connection, so that the client recovers", async () => {
    await using server = await ChatServer.start(FAST);
    using ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("busy");
    await flood(ada, "語".repeat(4000), LIMITS.messages);
    const cookie = await startSession(server.url, "Slow");
    const { socket: slow } = await RawSocket.open(server.url, { cookie });
    using _ = slow;
    await slow.json("welcome");
    slow.pause();
    const join = { type: "join", ref: 1, room: "busy", after: { epoch, offset: 0 } };
    slow.send({ opcode: OPCODE.text, payload: JSON.stringify(join) });
    await ada.next("user-joined");
    using file = new Database(fileOf(server));
    file.run("PRAGMA busy_timeout = 5000");
    file.run("ALTER TABLE events RENAME TO missing");
    slow.resume();
    expect(await slow.closeCode()).toBe(CLOSE.restart);
    file.run("ALTER TABLE missing RENAME TO events");
    using back = await Socket.openAs(server.url, cookie);
    const position = { epoch, offset: LIMITS.messages };
    expect(await back.join("busy", position)).toMatchObject({ recovered: true });
  });

  test("a client that does not respond to pings is disconnected, and others see it leave", async () => {
    await using server = await ChatServer.start({ IDLE_TIMEOUT_S: "8" });
    using ada = await Socket.open(server.url, "Ada");
    await ada.join("general");
    const { socket: dead } = await RawSocket.open(server.url, {
      cookie: await startSession(server.url, "Dead"),
    });
    using _ = dead;
    dead.send({ opcode: OPCODE.text, payload: '{"type":"join","ref":1,"room":"general"}' });
    const { user } = await ada.next("user-joined");
    expect(await ada.next("user-left")).toEqual({ type: "user-left", room: "general", user });
  });
});

describe("during a long replay", () => {
  /** Its room `busy` has more events than the buffers of a connection hold. No test changes it. */
  const server = ChatServer.shared(FAST);
  let after: Position;
  beforeAll(async () => {
    using ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("busy");
    after = { epoch, offset: 0 };
    await flood(ada, "語".repeat(4000), LIMITS.messages);
  });

  test("a client that disconnects during a replay does not join the next room", async () => {
    using ada = await Socket.open(server.url, "Ada");
    await ada.join("busy");
    await ada.join("next");
    const cookie = await startSession(server.url, "Brief");
    const { socket: brief } = await RawSocket.open(server.url, { cookie });
    using _ = brief;
    await brief.json("welcome");
    brief.pause();
    const join = { type: "join", ref: 1, room: "busy", after };
    brief.send({ opcode: OPCODE.text, payload: JSON.stringify(join) });
    brief.send({ opcode: OPCODE.text, payload: '{"type":"join","ref":2,"room":"next"}' });
    await ada.next("user-joined", ({ room }) => room === "busy");
    await ada.settled();
    brief[Symbol.dispose]();
    await ada.next("user-left", ({ room }) => room === "busy");
    expect((await ada.join("next")).members).toEqual([ada.you]);
  });

  test.each([4000, 1])(
    "a limited number of frames wait for a replay, also of texts with %d characters",
    async (length) => {
      using ada = await Socket.open(server.url, "Ada");
      await ada.join("busy");
      const room = `aside-${length}`;
      const cookie = await startSession(server.url, "Eager");
      const { socket: eager } = await RawSocket.open(server.url, { cookie });
      using _ = eager;
      const send = (frame: object) =>
        eager.send({ opcode: OPCODE.text, payload: JSON.stringify(frame) });
      send({ type: "join", ref: 0, room });
      await eager.json("ok");
      eager.pause();
      send({ type: "join", ref: 0, room: "busy", after });
      await ada.next("user-joined");
      const chat = { type: "chat", room, text: "x".repeat(length) };
      const size = JSON.stringify({ ...chat, ref: 1000, key: "key-1000" }).length;
      const fitting = Math.floor(LIMITS.waitingCharacters / size);
      for (let ref = 1000; ref < 1000 + fitting + 10; ref++)
        send({ ...chat, ref, key: `key-${ref}` });
      // The server takes at most 512 KiB per turn of its event loop from a socket, and then the ping of another one.
      await eager.flushed();
      for (let turn = 0; turn < 10; turn++) await ada.settled();
      eager.resume();
      await eager.next(({ payload }) => payload.includes(`"ref":${1000 + fitting - 1}`));
      send({ ...chat, ref: 1, key: "later" });
      await eager.next(({ payload }) => payload.includes('"ref":1,'));
      const replies = eager.frames
        .filter(({ opcode }) => opcode === OPCODE.text)
        .map(({ payload }) => JSON.parse(payload.toString()))
        .filter(({ ref }) => ref > 0);
      const refused = replies.filter(({ type }) => type === "error");
      expect(refused.map(({ ref, code }) => [ref, code])).toEqual(
        Array.from({ length: 10 }, (_, i) => [1000 + fitting + i, "rate_limited"]),
      );
      expect(replies.filter(({ type }) => type === "ok")).toHaveLength(fitting + 1);
    },
  );
});

describe("shutdown", () => {
  test("readyz turns 503, clients are closed with 1012, and the exit code is 0", async () => {
    await using server = await ChatServer.start({ SHUTDOWN_DELAY_MS: "3000" });
    const ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("general");
    const exited = server.stop();
    await until(
      async () => (await fetch(`${server.url}/readyz`)).status === 503,
      "the service drains",
    );
    const late = await ada.chat("general", "still served");
    expect((await ada.closed).code).toBe(1012);
    expect(await exited).toBe(0);
    await server.restart();
    using back = await Socket.openAs(server.url, ada.cookie);
    const joined = await back.join("general", { epoch, offset: late.offset - 1 });
    expect(joined.messages.map(({ text }) => text)).toEqual(["still served"]);
  });

  test("clients get no departures of the others", async () => {
    await using server = await ChatServer.start();
    const names = ["Ada", "Bob", "Eve"];
    const sockets = await Promise.all(names.map((name) => Socket.open(server.url, name)));
    for (const socket of sockets) await socket.join("general");
    await server.stop();
    for (const socket of sockets) {
      expect((await socket.closed).code).toBe(1012);
      expect(socket.all("user-left")).toEqual([]);
    }
  });

  test("a stop under load ends with exit code 0, and keeps what was acknowledged", async () => {
    for (let round = 0; round < 2; round++) {
      await using server = await ChatServer.start(FAST);
      const ada = await Socket.open(server.url, "Ada");
      await ada.join("general");
      let stored = 0;
      const send = async () => {
        for (;;) stored = Math.max(stored, (await ada.chat("general", "m")).offset);
      };
      const sending = Array.from({ length: 50 }, () => send().catch(String));
      await until(() => stored > 500, "messages are in flight");
      expect(await server.stop()).toBe(0);
      await Promise.all(sending);
      using db = new Database(fileOf(server));
      const latest = db.query<{ offset: number }, []>("SELECT max(offset) AS offset FROM events");
      expect(latest.get()?.offset).toBeGreaterThanOrEqual(stored);
    }
  });

  test("a client that ignores the close does not keep the process running", async () => {
    await using server = await ChatServer.start({ SHUTDOWN_TIMEOUT_MS: "500" });
    const cookie = await startSession(server.url, "Deaf");
    const { socket } = await RawSocket.open(server.url, { cookie });
    using _ = socket;
    await socket.json("welcome");
    socket.pause();
    expect(await server.stop()).toBe(0);
  });
});

test("processes that overlap store each message, and one that is sent to both of them only once", async () => {
  await using old = await ChatServer.start({ ...FAST, SESSION_SECRET: "x".repeat(32) });
  const cookie = await startSession(old.url, "Ada");
  using ada = await Socket.openAs(old.url, cookie);
  await ada.join("general");
  await ada.chat("general", "one");
  await using next = await ChatServer.start(old.env, old.directory);
  using bob = await Socket.open(next.url, "Bob");
  using tab = await Socket.openAs(next.url, cookie);
  for (const socket of [bob, tab]) await socket.join("general");
  await ada.chat("general", "two", "two");
  expect(await tab.chat("general", "two", "two")).toMatchObject({ offset: 2 });
  await bob.chat("general", "three");
  await ada.chat("general", "four", "four");
  expect(await tab.chat("general", "four", "four")).toMatchObject({ offset: 4 });
  await bob.chat("general", "five");
  const { messages } = await bob.join("general");
  expect(messages.map(({ text }) => text)).toEqual(["one", "two", "three", "four", "five"]);
});

test("with a full disk readyz is 503 and messages are internal, and later both work again", async () => {
  await using server = await ChatServer.start(FAST);
  using ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  await ada.chat("general", "one");
  using file = new Database(join(server.directory, "chat.db"));
  file.run("PRAGMA busy_timeout = 5000");
  // Fails every write, as a full disk does.
  const full = "BEGIN SELECT RAISE(ABORT, 'disk is full'); END";
  file.run(`CREATE TRIGGER no_events BEFORE INSERT ON events ${full}`);
  file.run(`CREATE TRIGGER no_log BEFORE UPDATE ON log ${full}`);
  const two = { type: "chat", room: "general", text: "two", key: "two" };
  const isReady = async () => (await fetch(`${server.url}/readyz`)).status === 200;
  await until(async () => !(await isReady()), "the service is not ready");
  expect(await ada.ask(two)).toMatchObject({ type: "error", code: "internal" });
  file.run("DROP TRIGGER no_events; DROP TRIGGER no_log");
  await until(isReady, "the service is ready");
  expect(await ada.ask(two)).toMatchObject({ type: "ok", epoch, offset: 2 });
  expect(ada.all("chat").map(({ text }) => text)).toEqual(["one", "two"]);
});

test("nothing is acknowledged after chat.db was replaced, not even a sign-out", async () => {
  await using server = await ChatServer.start(FAST);
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  const file = join(server.directory, "chat.db");
  await rename(file, `${file}.moved`);
  await cp(`${file}.moved`, file);
  const hello = { type: "chat", room: "general", text: "hello", key: "hello" };
  expect(await ada.ask(hello)).toMatchObject({ type: "error", code: "internal", retry: true });
  const session = `${server.url}/api/session`;
  const signOut = await fetch(session, { method: "DELETE", headers: { cookie: ada.cookie } });
  expect(signOut.status).toBe(503);
  const isReady = async () => (await fetch(`${server.url}/readyz`)).status === 200;
  await until(async () => !(await isReady()), "the service is not ready");
  await rename(`${file}.moved`, file);
  expect(await ada.ask(hello)).toMatchObject({ type: "ok", offset: 1 });
});

test("each check of readyz writes to the disk, and changes nothing", async () => {
  await using server = await ChatServer.start(FAST);
  using ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  const written = () => Bun.file(join(server.directory, "chat.db-wal")).size;
  for (let check = 1; check <= 2; check++) {
    const before = written();
    await Bun.sleep(1100); // The service reuses a result for 1 s.
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(written() - before).toBeGreaterThan(32 * 1024);
  }
  await server.crash();
  await server.restart();
  using later = await Socket.openAs(server.url, ada.cookie);
  expect((await later.join("general")).epoch).toBe(epoch);
});

test("a read or a write that fails is internal, the connection stays open, and a later one works", async () => {
  await using server = await ChatServer.start(FAST);
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  using file = new Database(join(server.directory, "chat.db"));
  file.run("PRAGMA busy_timeout = 5000");
  file.run("ALTER TABLE events RENAME TO missing");
  file.run("ALTER TABLE ended_sessions RENAME TO missing_too");
  const headers = { cookie: ada.cookie };
  for (const method of ["GET", "DELETE"]) {
    const response = await fetch(`${server.url}/api/session`, { method, headers });
    expect([method, response.status]).toEqual([method, 503]);
  }
  file.run("ALTER TABLE missing_too RENAME TO ended_sessions");
  expect(await ada.ask({ type: "join", room: "other" })).toMatchObject({ code: "internal" });
  const chat = { type: "chat", room: "other", text: "hello", key: "k" };
  expect(await ada.ask(chat)).toMatchObject({ code: "not_in_room" });
  const lost = { ...chat, room: "general" };
  expect(await ada.ask(lost)).toMatchObject({ code: "internal" });
  file.run("ALTER TABLE missing RENAME TO events");
  expect((await ada.join("other")).members).toEqual([ada.you]);
  expect(await ada.ask(lost)).toMatchObject({ type: "ok", offset: 1 });
});

test("after kill -9 the file is intact: one event per offset", async () => {
  await using server = await ChatServer.start(FAST);
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  for (let i = 0; i < 100; i++) {
    ada.send({ type: "chat", ref: i, room: "general", text: "m", key: `${i}` });
  }
  await ada.next("ok", ({ ref }) => ref === 10);
  await server.crash();
  using db = new Database(join(server.directory, "chat.db"), { strict: true });
  expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const query = "SELECT count(*) AS rows, max(offset) AS top FROM events";
  const { rows, top } = db.query<{ rows: number; top: number }, []>(query).get() ?? {};
  expect(rows).toBe(top as number);
});

test("a database that was restored from an older copy starts a new epoch", async () => {
  await using server = await ChatServer.start(FAST);
  const cookie = await startSession(server.url, "Ada");
  const before = await Socket.openAs(server.url, cookie);
  const { epoch } = await before.join("general");
  await before.chat("general", "kept");
  await server.stop();
  const file = join(server.directory, "chat.db");
  const copy = await Bun.file(file).bytes();
  await server.restart();
  const later = await Socket.openAs(server.url, cookie);
  const { offset } = await (await joined(later, { epoch, offset: 1 })).chat("general", "lost");
  await server.crash();
  await rm(`${file}-wal`, { force: true });
  await rm(`${file}-shm`, { force: true });
  await Bun.write(file, copy);
  await server.restart();
  using back = await Socket.openAs(server.url, cookie);
  // Also after the room has grown to the same offset again.
  await back.join("general");
  for (const text of ["other", "another"]) await back.chat("general", text);
  const now = await back.join("general", { epoch, offset });
  expect(now).toMatchObject({ recovered: false, offset: 3 });
  expect(now.epoch).not.toBe(epoch);
  expect(now.messages.map(({ text }) => text)).toEqual(["kept", "other", "another"]);
});

test("a database whose marker file was deleted starts a new epoch", async () => {
  await using server = await ChatServer.start(FAST);
  const cookie = await startSession(server.url, "Ada");
  const before = await Socket.openAs(server.url, cookie);
  const { epoch } = await before.join("general");
  await before.chat("general", "kept");
  await server.stop();
  await rm(join(server.directory, "chat.db.marker"));
  await server.restart();
  using back = await Socket.openAs(server.url, cookie);
  const now = await back.join("general", { epoch, offset: 1 });
  expect(now).toMatchObject({ recovered: false, messages: [{ text: "kept" }] });
});

test.skipIf(process.platform !== "linux")(
  "a change of the owner or the mode of the marker file keeps the epoch",
  async () => {
    await using server = await ChatServer.start(FAST);
    const ada = await Socket.open(server.url, "Ada");
    const { epoch } = await ada.join("general");
    await ada.chat("general", "kept");
    await server.stop();
    // A container may do that with its volume at each start.
    await chmod(join(server.directory, "chat.db.marker"), 0o600);
    await server.restart();
    (await joined(await Socket.openAs(server.url, ada.cookie), { epoch, offset: 1 })).close();
  },
);

test("a folder that was restored from a copy starts a new epoch", async () => {
  await using server = await ChatServer.start(FAST);
  const ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  await ada.chat("general", "kept");
  await server.stop();
  const copy = `${server.directory}-copy`;
  // Unlike a plain copy, this keeps the times.
  const copyFolder = (from: string, to: string) =>
    cp(from, to, { recursive: true, preserveTimestamps: true });
  await copyFolder(server.directory, copy);
  await server.restart();
  const later = await joined(await Socket.openAs(server.url, ada.cookie), { epoch, offset: 1 });
  const { offset } = await later.chat("general", "lost");
  await server.stop();
  await rm(server.directory, { recursive: true });
  await copyFolder(copy, server.directory);
  await rm(copy, { recursive: true });
  await server.restart();
  await startsNewEpoch(server, ada.cookie, { epoch, offset });
});

/** Copies a database that is open. @returns the path of the copy. */
function copyOf(file: string): string {
  const copy = `${file}.copy`;
  using db = new Database(file);
  db.run("VACUUM INTO ?", [copy]);
  return copy;
}

async function replaceDatabase(file: string, copy: string): Promise<void> {
  for (const end of ["-wal", "-shm"]) await rm(`${file}${end}`, { force: true });
  await Bun.write(file, Bun.file(copy));
}

/** Expects that a position from before the restore is not recovered, even once the room has reached its offset again. */
async function startsNewEpoch(server: ChatServer, cookie: string, position: Position) {
  using back = await Socket.openAs(server.url, cookie);
  await back.join("general");
  for (const text of ["other", "another"]) await back.chat("general", text);
  expect(await back.join("general", position)).toMatchObject({ recovered: false });
}

test("a copy of a database that was made while it was open is noticed as well", async () => {
  await using server = await ChatServer.start(FAST);
  const ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  await ada.chat("general", "kept");
  const file = join(server.directory, "chat.db");
  const copy = copyOf(file);
  const readMarker = () => Bun.file(`${file}.marker`).text();
  const before = await readMarker();
  const { offset } = await ada.chat("general", "lost");
  // A mark that is newer than the copy.
  await until(async () => (await readMarker()) !== before, "a commit is marked");
  await server.crash();
  await replaceDatabase(file, copy);
  await server.restart();
  await startsNewEpoch(server, ada.cookie, { epoch, offset });
});

test("a copy that was made while the file could not be marked is noticed as well", async () => {
  await using server = await ChatServer.start(FAST);
  const ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  const file = join(server.directory, "chat.db");
  // A full disk fails the mark in the same way.
  await mkdir(`${file}.marker.new`);
  await ada.chat("general", "kept");
  await until(() => /not marked/.test(server.output), "the mark has failed");
  // The crash of a process that could not mark the file is no reason for a new epoch.
  await server.crash();
  await rm(`${file}.marker.new`, { recursive: true });
  const marker = await Bun.file(`${file}.marker`).text();
  const copy = copyOf(file);
  await server.restart();
  const later = await joined(await Socket.openAs(server.url, ada.cookie), { epoch, offset: 1 });
  expect(await Bun.file(`${file}.marker`).text()).not.toBe(marker);
  const { offset } = await later.chat("general", "lost");
  await server.crash();
  await replaceDatabase(file, copy);
  await server.restart();
  await startsNewEpoch(server, ada.cookie, { epoch, offset });
});

test("a crash between the two steps of a mark keeps the epoch", async () => {
  await using server = await ChatServer.start(FAST);
  const ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  await ada.chat("general", "one");
  await server.stop();
  const file = join(server.directory, "chat.db");
  {
    using db = new Database(file);
    db.run("UPDATE log SET marking = 'next'");
    await Bun.write(`${file}.marker`, "next");
  }
  await server.restart();
  (await joined(await Socket.openAs(server.url, ada.cookie), { epoch, offset: 1 })).close();
});

test("a restart of the machine starts a new epoch, unless the database was closed cleanly", async () => {
  await using server = await ChatServer.start(FAST);
  const file = join(server.directory, "chat.db");
  const ada = await Socket.open(server.url, "Ada");
  const { epoch } = await ada.join("general");
  await ada.chat("general", "one");
  const after = { epoch, offset: 1 };
  await server.stop();
  {
    using db = new Database(file);
    expect(db.query("SELECT boot FROM log").get()).toEqual({ boot: "" });
  }
  await server.restart();
  await joined(await Socket.openAs(server.url, ada.cookie), after);
  await server.crash();
  {
    using db = new Database(file);
    db.run("UPDATE log SET boot = 'another' WHERE boot != ''");
  }
  await server.restart();
  using back = await Socket.openAs(server.url, ada.cookie);
  const now = await back.join("general", after);
  expect(now).toMatchObject({ recovered: false, offset: 1 });
  expect(now.epoch).not.toBe(epoch);
});

test("a boot time that an adjusted clock has changed a little is the same boot", () => {
  expect(isSameBoot("1000000", "1030000.5")).toBe(true);
  expect(isSameBoot("1000000", "1070000")).toBe(false);
  expect(isSameBoot(currentBoot(), currentBoot())).toBe(true);
});

/** Joins at a position that a restart must not have invalidated. */
async function joined(socket: Socket, after: { epoch: string; offset: number }): Promise<Socket> {
  expect(await socket.join("general", after)).toMatchObject({ ...after, recovered: true });
  return socket;
}

test("a database of the first release is migrated, and one of a newer release is refused", async () => {
  const directory = await mkdtemp(join(tmpdir(), "chat-migration-"));
  const db = new Database(join(directory, "chat.db"), { create: true });
  db.run(`
    CREATE TABLE log (epoch TEXT NOT NULL);
    CREATE TABLE messages (
      room TEXT NOT NULL, offset INTEGER NOT NULL, sender TEXT NOT NULL, name TEXT NOT NULL,
      text TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (room, offset)) WITHOUT ROWID;
    CREATE TABLE keys (
      id INTEGER PRIMARY KEY, sender TEXT NOT NULL, key TEXT NOT NULL,
      room TEXT NOT NULL, offset INTEGER NOT NULL);
    INSERT INTO log VALUES ('old-epoch');
    INSERT INTO messages VALUES ('general', 1, 'ada', 'Ada', 'It''s "old"', '2026-01-01T00:00:00.000Z');
    INSERT INTO keys VALUES (1, 'ada', 'k1', 'general', 1);
  `);
  db.close();
  {
    await using server = await ChatServer.start(FAST, directory);
    using bob = await Socket.open(server.url, "Bob");
    const from = { id: "ada", name: "Ada" };
    const old = { offset: 1, from, text: 'It\'s "old"', at: "2026-01-01T00:00:00.000Z", key: "k1" };
    const fresh = await bob.join("general");
    expect(fresh).toMatchObject({ epoch: "old-epoch", offset: 1, messages: [old] });
    const replay = await bob.join("general", { epoch: "old-epoch", offset: 0 });
    expect(replay).toMatchObject({ recovered: true, messages: [{ type: "chat", ...old }] });
    await server.stop();
    using newer = new Database(join(directory, "chat.db"));
    newer.run("PRAGMA user_version = 99");
    const error = await ChatServer.start(FAST, directory).catch(String);
    expect(error).toContain("was written by a newer release (version 99;");
    expect(error).toContain("Start the newer release");
  }
});

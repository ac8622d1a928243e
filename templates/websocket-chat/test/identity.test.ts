// A connection belongs to a person: signing out, expiry, renaming, and who may join a room.
import { expect, jest, mock, test } from "bun:test";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { type Chat, Connection } from "../src/features/chat/connection.ts";
import { ChatServer, until } from "./server.ts";
import { Socket, startSession } from "./socket.ts";

const SECRET = "a secret of the tests";

const server = ChatServer.shared({ SESSION_SECRET: SECRET });

test("signing out closes all connections of the session with 4001, and no other", async () => {
  const ada = await Socket.open(server.url, "Ada");
  const tab = await Socket.openAs(server.url, ada.cookie);
  using bob = await Socket.open(server.url, "Bob");
  for (const socket of [ada, tab, bob]) await socket.join("general");
  const headers = { cookie: ada.cookie };
  const response = await fetch(`${server.url}/api/session`, { method: "DELETE", headers });
  expect(response.status).toBe(204);
  expect((await ada.closed).code).toBe(4001);
  expect((await tab.closed).code).toBe(4001);
  expect(await bob.next("user-left")).toMatchObject({ user: ada.you });
  await bob.settled();
  // The cookie was copied before.
  const status = async (path: string) => (await fetch(`${server.url}${path}`, { headers })).status;
  expect(await status("/api/session")).toBe(401);
  expect(await status("/ws")).toBe(401);
});

test("a copied cookie of a signed-out session is refused after a restart, and cannot be renewed", async () => {
  await using own = await ChatServer.start({ SESSION_SECRET: SECRET });
  const ada = await Socket.open(own.url, "Ada");
  const headers = { cookie: ada.cookie };
  await fetch(`${own.url}/api/session`, { method: "DELETE", headers });
  await own.crash();
  await own.restart();
  expect((await fetch(`${own.url}/ws`, { headers })).status).toBe(401);
  using renewed = await Socket.openAs(own.url, await startSession(own.url, "Eve", ada.cookie));
  expect(renewed.you.id).not.toBe(ada.you.id);
});

function cookieFor(lifeMs: number, session = "s"): string {
  const claims = { id: "ada", name: "Ada", session, expires: Date.now() + lifeMs };
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  const signature = createHmac("sha256", SECRET).update(payload).digest("base64");
  return `chat_session=${payload}.${encodeURIComponent(signature)}`;
}

test("a session that expires closes its connections with 4002, unless a new name has extended it", async () => {
  const cookie = cookieFor(4000, "extended");
  using extended = await Socket.openAs(server.url, cookie);
  const other = await Socket.openAs(server.url, cookieFor(4000, "other"));
  await startSession(server.url, "Countess", cookie);
  expect((await other.closed).code).toBe(4002);
  await extended.settled();
});

test("a session that was ended with its older cookie stays ended when that cookie has expired", async () => {
  const headers = { cookie: cookieFor(1000, "renewed") };
  const renewed = { cookie: cookieFor(3_600_000, "renewed") };
  await fetch(`${server.url}/api/session`, { method: "DELETE", headers });
  await Bun.sleep(1100);
  // Ending another session forgets those that have expired.
  const other = { cookie: cookieFor(1000, "another") };
  await fetch(`${server.url}/api/session`, { method: "DELETE", headers: other });
  expect((await fetch(`${server.url}/api/session`, { headers: renewed })).status).toBe(401);
});

test("a session that lasts longer than a timer can does not close its connections", async () => {
  using ada = await Socket.openAs(server.url, cookieFor(60 * 24 * 3_600_000));
  for (let round = 0; round < 20; round += 1) await ada.join(`room-${round}`);
});

test("a session that lasts longer than a timer can closes its connections when it expires", () => {
  const dayMs = 24 * 3_600_000;
  jest.useFakeTimers();
  try {
    const presence = { connect: async () => undefined };
    const hub = { connect: () => undefined, latestSession: (session: unknown) => session };
    const chat = { hub, stores: { presence } } as unknown as Chat;
    const expires = Date.now() + 40 * dayMs;
    const connection = new Connection(chat, { id: "s", user: { id: "a", name: "Ada" }, expires });
    const close = mock((_code: number) => undefined);
    const socket = { subscribe: () => undefined, cork: () => undefined, close };
    connection.opened({ ...socket, getBufferedAmount: () => 0 } as never);
    jest.advanceTimersByTime(39 * dayMs);
    expect(close).not.toHaveBeenCalled();
    jest.advanceTimersByTime(dayMs);
    expect(close.mock.calls.map(([code]) => code)).toEqual([4002]);
  } finally {
    jest.useRealTimers();
  }
});

test("a new name reaches the members, also of connections that were open before", async () => {
  using bob = await Socket.open(server.url, "Bob");
  using old = await Socket.open(server.url, "Old");
  await bob.join("names");
  await old.join("names");
  const cookie = await startSession(server.url, "New", old.cookie);
  const renamed = { id: old.you.id, name: "New" };
  const isNew = ({ user }: { user: { name: string } }) => user.name === "New";
  expect(await bob.next("user-joined", isNew)).toMatchObject({ user: renamed });
  await old.chat("names", "hello");
  expect(await bob.next("chat")).toMatchObject({ from: renamed });
  using tab = await Socket.openAs(server.url, cookie);
  expect((await tab.join("names")).members).toContainEqual(renamed);
  // #region private
  expect(await bob.ask({ type: "private", to: "New", text: "hi" })).toMatchObject({ type: "ok" });
  expect(await bob.ask({ type: "private", to: "Old", text: "hi" })).toMatchObject({
    ...{ code: "not_online", retry: true },
  });
  // #endregion
});

test("a client that connects with the cookie from before a rename has the new name", async () => {
  using bob = await Socket.open(server.url, "Bob");
  using ada = await Socket.open(server.url, "Ada");
  await startSession(server.url, "Countess", ada.cookie);
  using late = await Socket.openAs(server.url, ada.cookie);
  const renamed = { id: ada.you.id, name: "Countess" };
  expect(late.you).toEqual(renamed);
  await bob.join("cookies");
  await late.join("cookies");
  expect(await bob.next("user-joined")).toMatchObject({ user: renamed });
});

/** A connection in the room `general`, and the calls of its presence. */
function connectFake(leave: () => Promise<void>) {
  const calls: string[] = [];
  const record = (call: string) => async () => void calls.push(call);
  const presence = {
    connect: record("connect"),
    join: record("join"),
    leave: () => {
      calls.push("leave");
      return leave();
    },
    disconnect: record("disconnect"),
  };
  const session = { id: "s", user: { id: "a", name: "Ada" }, expires: Date.now() + 60_000 };
  const hub = {
    latestSession: () => session,
    connect: () => undefined,
    disconnect: () => undefined,
  };
  const chat = { hub, stores: { presence } } as unknown as Chat;
  const connection = new Connection(chat, session);
  const socket = {
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    cork: () => undefined,
  };
  connection.opened({ ...socket, getBufferedAmount: () => 0 } as never);
  connection.rooms.add("general");
  return { connection, session, calls };
}

test("a rename while the user leaves a room does not add the user to the room again", async () => {
  const leaves = Promise.withResolvers<void>();
  const { connection, session, calls } = connectFake(() => leaves.promise);
  const left = connection.leave({ type: "leave", ref: 1, room: "general" });
  connection.rename({ ...session, user: { id: "a", name: "Countess" } });
  leaves.resolve();
  await left;
  connection.closed();
  expect(calls).toEqual(["connect", "leave", "connect", "disconnect"]);
});

test("a user whose leave fails is a member again", async () => {
  const { connection, calls } = connectFake(() => Promise.reject(new Error("no store")));
  const left = connection.leave({ type: "leave", ref: 1, room: "general" });
  await expect(left).rejects.toThrow("no store");
  expect([...connection.rooms]).toEqual(["general"]);
  connection.closed();
  expect(calls).toEqual(["connect", "leave", "join", "leave", "disconnect"]);
});

test("canJoin decides who may join, and may fail", async () => {
  await using own = await ChatServer.start({}, undefined, [
    "--preload",
    join(import.meta.dir, "guarded-rooms.ts"),
  ]);
  using ada = await Socket.open(own.url, "Ada");
  using eve = await Socket.open(own.url, "Eve");
  await ada.join("ada-only");
  const refused = await eve.ask({ type: "join", room: "ada-only" });
  expect(refused).toMatchObject({ type: "error", code: "forbidden", retry: false });
  const chat = { type: "chat", room: "ada-only", text: "hi", key: "k" };
  expect(await eve.ask(chat)).toMatchObject({ code: "not_in_room", retry: false });
  const broken = await eve.ask({ type: "join", room: "broken" });
  expect(broken).toMatchObject({ code: "internal", retry: true });
  await eve.join("open");
  expect((await ada.join("ada-only")).members).toEqual([ada.you]);
  // A ping gets its reply during a join that takes long.
  const slow = eve.ask({ type: "join", room: "slow" });
  await eve.settled();
  // The frames after it wait only until it has failed.
  const later = eve.chat("open", "after the slow join");
  expect(await slow).toMatchObject({ code: "internal", retry: true });
  await later;
  const isLogged = () => own.output.includes("canJoin has not decided about slow in 5000 ms");
  await until(isLogged, "the reason is logged");
});

// Several nodes on one Redis: together, after the crash of a node, and during outages of Redis.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { LIMITS } from "../src/limits.ts";
import { expectSame, Follower } from "./follower.ts";
import { FaultyProxy } from "./proxy.ts";
import { DisposableClient, HAS_REDIS_SERVER, OwnRedis, ownPrefix, REDIS_URL } from "./redis.ts";
import { ChatServer, until } from "./server.ts";
import { Socket, startSession } from "./socket.ts";

const FAST = { RATE_LIMIT: "1000000", SESSION_SECRET: "the same on every node" };

describe.skipIf(!REDIS_URL)("two nodes", () => {
  const { prefix, clear } = ownPrefix();
  let nodes: readonly [ChatServer, ChatServer];
  const startNode = async () => {
    const env = { ...FAST, REDIS_URL: REDIS_URL ?? "", REDIS_PREFIX: prefix };
    const node = await ChatServer.start(env);
    await node.ready();
    return node;
  };

  beforeAll(async () => {
    nodes = [await startNode(), await startNode()];
  });
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await clear();
  });

  test("the keys of rooms, events and sessions expire, also those of a room without events", async () => {
    const ada = await Socket.open(nodes[0].url, "Ada");
    await ada.join("empty");
    await ada.join("busy");
    await ada.chat("busy", "hello");
    const headers = { cookie: ada.cookie };
    await fetch(`${nodes[0].url}/api/session`, { method: "DELETE", headers });
    using client = new DisposableClient(REDIS_URL);
    const keys: string[] = await client.send("KEYS", [`${prefix}:*`]);
    const kinds = new Set<string | undefined>();
    for (const key of keys) {
      if ((await client.send("PTTL", [key])) === -1) kinds.add(key.split(":")[1]);
    }
    // The other kinds have one key each, or are deleted when their users leave.
    const permanent = ["version", "generation", "bus", "nodes", "node", "people", "count"];
    expect([...kinds].filter((kind = "") => !permanent.includes(kind))).toEqual([]);
    // A room without events leaves nothing soon, also after further joins; the first event keeps it.
    using bob = await Socket.open(nodes[1].url, "Bob");
    const { epoch } = await bob.join("empty");
    const lifeOf = async (room: string) => await client.send("PTTL", [`${prefix}:room:${room}`]);
    expect(await lifeOf("empty")).toBeWithin(1, LIMITS.emptyRoomMs + 1);
    expect(await lifeOf("busy")).toBeGreaterThan(LIMITS.emptyRoomMs);
    expect(await bob.chat("empty", "first")).toMatchObject({ epoch, offset: 1 });
    await bob.join("empty");
    expect(await lifeOf("empty")).toBeGreaterThan(LIMITS.emptyRoomMs);
  });

  test("members of a room without events stay in it when its key has expired", async () => {
    const cookie = await startSession(nodes[0].url, "Waiting");
    using waiting = new Follower(nodes[0].url, cookie, "quiet");
    await waiting.joined;
    using client = new DisposableClient(REDIS_URL);
    await client.send("DEL", [`${prefix}:room:quiet`]);
    using bob = await Socket.open(nodes[1].url, "Bob");
    await bob.join("quiet");
    for (const text of ["first", "second"]) await bob.chat("quiet", text);
    await until(() => waiting.messages.size === 2, "both messages have arrived");
    expect([...waiting.messages.values()].map(({ text }) => text)).toEqual(["first", "second"]);
    expect(waiting.connections).toBe(1);
  });

  test("the order of the fields of events and messages has no influence", async () => {
    const env = { ...FAST, REDIS_URL: REDIS_URL ?? "", REDIS_PREFIX: prefix };
    const preload = ["--preload", join(import.meta.dir, "reversed-fields.ts")];
    await using node = await ChatServer.start(env, undefined, preload);
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    const { epoch } = await ada.join("reversed");
    await ada.chat("reversed", "hello");
    const event = await ada.next("chat");
    expect(event).toMatchObject({ epoch, offset: 1, text: "hello" });
    expect(Object.keys(event).at(-1)).toBe("type");
    expect(await ada.join("reversed")).toMatchObject({ messages: [{ offset: 1, text: "hello" }] });
    const recovered = await ada.join("reversed", { epoch, offset: 0 });
    expect(recovered).toMatchObject({ recovered: true, messages: [event] });
  });

  test("what members do reaches the other node", async () => {
    using ada = await Socket.open(nodes[0].url, "Ada");
    using bob = await Socket.open(nodes[1].url, "Bob");
    const { epoch } = await ada.join("general");
    const joined = await bob.join("general");
    expect(joined.members).toEqual(expect.arrayContaining([ada.you, bob.you]));
    const { you } = bob;
    expect(await ada.next("user-joined")).toEqual({
      type: "user-joined",
      room: "general",
      user: you,
    });
    await ada.chat("general", "hello");
    await bob.chat("general", "hello to you");
    await Promise.all([ada, bob].map((one) => one.next("chat", ({ offset }) => offset === 2)));
    expect(ada.all("chat")).toEqual(bob.all("chat"));
    expect(ada.all("chat").map(({ text }) => text)).toEqual(["hello", "hello to you"]);

    // #region typing
    ada.send({ type: "typing", room: "general" });
    expect(await bob.next("typing")).toMatchObject({ from: ada.you });
    // #endregion
    using tab = await Socket.openAs(nodes[0].url, bob.cookie);
    // #region private
    await ada.ask({ type: "private", to: you.id, text: "psst" });
    for (const socket of [bob, tab]) {
      expect(await socket.next("private")).toMatchObject({ from: ada.you, text: "psst" });
    }
    // #endregion
    const recovered = await tab.join("general", { epoch, offset: 1 });
    expect(recovered).toMatchObject({ recovered: true, messages: [{ text: "hello to you" }] });
  });

  test("a user on both nodes joins and leaves once", async () => {
    using ada = await Socket.open(nodes[0].url, "Ada");
    await ada.join("presence");
    const bob = await Socket.open(nodes[0].url, "Bob");
    const tab = await Socket.openAs(nodes[1].url, bob.cookie);
    await bob.join("presence");
    await tab.join("presence");
    bob.drop();
    await tab.ask({ type: "leave", room: "presence" });
    await ada.next("user-left");
    await ada.chat("presence", "after");
    await ada.next("chat");
    expect(ada.all("user-joined")).toHaveLength(1);
    expect(ada.all("user-left")).toHaveLength(1);
    tab.drop();
  });

  test("after kill -9 of a node under load, its users continue at another node without loss", async () => {
    await using doomed = await startNode();
    await using proxy = await FaultyProxy.start(doomed.port);
    using witness = await Socket.open(nodes[0].url, "Witness");
    await witness.join("load");
    using lonely = await Socket.open(doomed.url, "Lonely");
    await lonely.join("load");
    const cookies = await Promise.all(
      ["Ada", "Bob", "Eve"].map((name) => startSession(nodes[1].url, name)),
    );
    const followers = cookies.map((cookie) => new Follower(proxy.url, cookie, "load"));
    await Promise.all(followers.map(({ joined }) => joined));
    for (let i = 0; i < 300; i++) followers[i % 3]?.send(`m${i}`);
    await until(
      () => followers.some(({ acknowledged }) => acknowledged.length > 20),
      "messages are in flight",
    );
    proxy.port = nodes[1].port;
    await doomed.crash();
    await expectSame(followers, 300);
    await until(
      () => followers.every((one) => one.acknowledged.length === 100),
      "all messages are acknowledged",
    );
    await witness.next("chat", ({ offset }) => offset === 300);
    expect(witness.all("chat").map(({ offset }) => offset)).toEqual(
      Array.from({ length: 300 }, (_, i) => i + 1),
    );
    // The user who was only on the crashed node leaves once; the others have reconnected elsewhere.
    await witness.next("user-left", ({ user }) => user.id === lonely.you.id);
    const { members } = await witness.join("load");
    expect(members.map(({ name }) => name).sort()).toEqual(["Ada", "Bob", "Eve", "Witness"]);
    const left = witness.all("user-left").filter(({ user }) => user.id === lonely.you.id);
    expect(left).toHaveLength(1);
    for (const follower of followers) follower[Symbol.dispose]();
  });

  test("the users of a node that stops leave immediately", async () => {
    await using leaving = await startNode();
    using witness = await Socket.open(nodes[0].url, "Witness");
    await witness.join("goodbye");
    const guest = await Socket.open(leaving.url, "Guest");
    await guest.join("goodbye");
    expect(await leaving.stop()).toBe(0);
    expect((await guest.closed).code).toBe(1012);
    await witness.next("user-left", ({ user }) => user.id === guest.you.id);
  });
});

describe.skipIf(!HAS_REDIS_SERVER)("outages of Redis", () => {
  test("during a restart under load readyz is 503, and afterwards no message is lost", async () => {
    await using redis = await OwnRedis.start();
    const env = { ...FAST, REDIS_URL: redis.url };
    await using one = await ChatServer.start(env);
    await using two = await ChatServer.start(env);
    const urls = [one.url, two.url, one.url, two.url];
    const followers = await Promise.all(
      urls.map(async (url, i) => new Follower(url, await startSession(url, `P${i}`), "load")),
    );
    await Promise.all(followers.map(({ joined }) => joined));
    let sent = 0;
    const send = (count: number) => {
      for (let i = 0; i < count; i++) followers[i % 4]?.send(`m${++sent}`);
    };
    const ready = async () =>
      (await Promise.all([one, two].map(({ url }) => fetch(`${url}/readyz`)))).map(
        ({ status }) => status,
      );
    send(200);
    await until(
      () => followers.some(({ acknowledged }) => acknowledged.length > 10),
      "messages are in flight",
    );
    await redis.crash();
    send(20);
    await until(async () => (await ready()).every((status) => status === 503), "no node is ready");
    await redis.restart();
    await until(async () => (await ready()).every((status) => status === 200), "both are ready");
    send(20);
    await expectSame(followers, sent);
    using late = await Socket.open(one.url, "Late");
    const members = async () => (await late.join("load")).members.map(({ name }) => name).sort();
    const all = ["Late", "P0", "P1", "P2", "P3"];
    await until(async () => Bun.deepEquals(await members(), all), "all users are listed again");
    for (const follower of followers) follower[Symbol.dispose]();
  });

  test("after data loss in Redis a new epoch starts", async () => {
    await using redis = await OwnRedis.start();
    await using node = await ChatServer.start({ ...FAST, REDIS_URL: redis.url });
    await node.ready();
    const ada = await Socket.open(node.url, "Ada");
    const { epoch } = await ada.join("general");
    await ada.chat("general", "kept");
    using client = new DisposableClient(redis.url);
    await client.send("CONFIG", ["SET", "appendonly", "no"]);
    const last = await ada.chat("general", "forgotten");
    await ada.next("chat", ({ offset }) => offset === last.offset);
    await redis.crash();
    await redis.restart();
    expect((await ada.closed).code).toBe(1012);
    await node.ready();
    using back = await Socket.openAs(node.url, ada.cookie);
    const joined = await back.join("general", { epoch, offset: last.offset });
    expect(joined).toMatchObject({ recovered: false, offset: 1, messages: [{ text: "kept" }] });
    expect(joined.epoch).not.toBe(epoch);
  });

  test.each(["a later", "the same"])(
    "a node that starts before Redis waits for it, and reconnects its clients after FLUSHALL, with %s id",
    async (id) => {
      await using redis = await OwnRedis.start();
      await redis.crash();
      await using node = await ChatServer.start({ ...FAST, REDIS_URL: redis.url });
      expect((await fetch(`${node.url}/readyz`)).status).toBe(503);
      await redis.restart();
      await node.ready();
      const ada = await Socket.open(node.url, "Ada");
      const { epoch } = await ada.join("general");
      await ada.chat("general", "to be lost");

      using client = new DisposableClient(redis.url);
      const [[newest]] = await client.send("XREVRANGE", ["{chat}:bus", "+", "-", "COUNT", "1"]);
      await client.send("FLUSHALL", []);
      const next = id === "the same" ? newest : "*";
      await client.send("XADD", ["{chat}:bus", next, "t", "nobody", "f", "{}"]);
      expect((await ada.closed).code).toBe(1012);
      using back = await Socket.openAs(node.url, ada.cookie);
      const joined = await back.join("general", { epoch, offset: 1 });
      expect(joined).toMatchObject({ recovered: false, offset: 0, messages: [] });
      expect(joined.epoch).not.toBe(epoch);
    },
  );
});

// #region edits
test.skipIf(!HAS_REDIS_SERVER)("a deletion reads only the events about its message", async () => {
  await using redis = await OwnRedis.start("--appendfsync", "no");
  await using node = await ChatServer.start({ ...FAST, REDIS_URL: redis.url });
  await node.ready();
  using ada = await Socket.open(node.url, "Ada");
  await ada.join("general");
  const text = "x".repeat(4000);
  for (let i = 0; i < 200; i++) await ada.chat("general", text);
  const bytesSent = async () =>
    Number(/total_net_output_bytes:(\d+)/.exec(`${await redis.command("INFO", "stats")}`)?.[1]);
  for (const target of [200, 190, 1]) {
    const before = await bytesSent();
    await ada.post({ type: "delete", room: "general", target });
    expect((await bytesSent()) - before).toBeLessThan(200_000);
  }
});
// #endregion

test("a start in development without Redis fails with a message that has no password", async () => {
  const env = { REDIS_URL: "redis://:a-password@127.0.0.1:1" };
  const error = await ChatServer.start(env).catch(String);
  expect(error).toMatch(/^Error: exit 1: Can't use Redis at 127\.0\.0\.1:1 .*\n.*REDIS_URL.*\n$/);
  expect(error).not.toContain("a-password");
});

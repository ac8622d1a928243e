// Failures of Redis that keep its connections open: a failover, a server that rejects writes, silence.
import { describe, expect, test } from "bun:test";
import { FaultyProxy } from "./proxy.ts";
import { HAS_REDIS_SERVER, OwnRedis } from "./redis.ts";
import { ChatServer, until } from "./server.ts";
import { Socket } from "./socket.ts";

const ENV = { RATE_LIMIT: "1000000", SESSION_SECRET: "the same on every node" };
/** Milliseconds within which a silent connection has to be replaced. */
const SILENCE_LIMIT_MS = 15_000;

const readyStatus = async (node: ChatServer) => (await fetch(`${node.url}/readyz`)).status;

/** Sends a message; joins the room again first if an outage removed the user from it. */
async function send(socket: Socket, text: string): Promise<string> {
  const reply = await socket.ask({ type: "chat", room: "general", text, key: crypto.randomUUID() });
  if (reply.type !== "error") return reply.type;
  if (reply.code === "not_in_room") await socket.ask({ type: "join", room: "general" });
  return reply.code;
}

describe.skipIf(!HAS_REDIS_SERVER)("Redis", () => {
  test("after a failover, messages go to the new primary", async () => {
    await using first = await OwnRedis.start();
    await using second = await OwnRedis.start();
    await second.command("REPLICAOF", "127.0.0.1", `${first.port}`);
    const isReplicating = async () =>
      `${await second.command("INFO", "replication")}`.includes("master_link_status:up");
    await until(isReplicating, "the replica is in sync");
    await using proxy = await FaultyProxy.start(first.port);
    const redisUrl = proxy.url.replace("http", "redis");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redisUrl });
    await until(async () => (await readyStatus(node)) === 200, "the node is ready");
    using ada = await Socket.open(node.url, "Ada");
    await ada.join("general");
    expect(await send(ada, "before")).toBe("ok");

    // The old primary keeps its connections, and rejects every write: READONLY.
    proxy.port = second.port;
    await first.command("REPLICAOF", "127.0.0.1", `${second.port}`);
    await second.command("REPLICAOF", "NO", "ONE");
    await until(async () => (await send(ada, "after")) === "ok", "messages are stored again");
    await ada.next("chat", ({ text }) => text === "after");
    await until(async () => (await readyStatus(node)) === 200, "the node is ready again");
  });

  test.each([
    ["is out of memory", "maxmemory", "1", "0"],
    ["has too few replicas", "min-replicas-to-write", "1", "0"],
  ])("while it %s, readyz is 503 and the connections stay open", async (_, name, bad, good) => {
    await using redis = await OwnRedis.start();
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    await until(async () => (await readyStatus(node)) === 200, "the node is ready");
    using ada = await Socket.open(node.url, "Ada");
    using bob = await Socket.open(node.url, "Bob");
    await ada.join("general");
    await bob.join("general");
    await redis.command("CONFIG", "SET", name, bad);
    expect(await send(ada, "rejected")).toBe("internal");
    await until(async () => (await readyStatus(node)) === 503, "the node is not ready");
    bob.drop();
    await redis.command("CONFIG", "SET", name, good);
    await until(async () => (await readyStatus(node)) === 200, "the node is ready again");
    expect(await send(ada, "stored")).toBe("ok");
    // The departure could not be published during the outage.
    await ada.next("user-left", ({ user }) => user.id === bob.you.id);
    expect((await ada.join("general")).members).toEqual([ada.you]);
  });

  test("silent connections are replaced, and messages of both nodes arrive again", async () => {
    await using redis = await OwnRedis.start();
    await using proxy = await FaultyProxy.start(redis.port);
    const redisUrl = proxy.url.replace("http", "redis");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redisUrl });
    await using other = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    const isReady = async (server: ChatServer) => (await readyStatus(server)) === 200;
    await until(async () => (await isReady(node)) && (await isReady(other)), "both are ready");
    using ada = await Socket.open(node.url, "Ada");
    using bob = await Socket.open(other.url, "Bob");
    await ada.join("general");
    await bob.join("general");

    proxy.silence();
    const silentSince = performance.now();
    await until(async () => (await readyStatus(node)) === 503, "the node is not ready");
    await until(async () => (await send(ada, "from the node")) === "ok", "messages are stored");
    expect(await send(bob, "from the other node")).toBe("ok");
    await ada.next("chat", ({ text }) => text === "from the other node");
    await bob.next("chat", ({ text }) => text === "from the node");
    expect(performance.now() - silentSince).toBeLessThan(SILENCE_LIMIT_MS);
    await until(() => isReady(node), "the node is ready again");
  });

  test("a join on a silent connection is internal, and the next one works", async () => {
    await using redis = await OwnRedis.start();
    await using proxy = await FaultyProxy.start(redis.port);
    const redisUrl = proxy.url.replace("http", "redis");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redisUrl });
    await until(async () => (await readyStatus(node)) === 200, "the node is ready");
    using ada = await Socket.open(node.url, "Ada");
    proxy.silence();
    const join = { type: "join", room: "general" };
    expect(await ada.ask(join)).toMatchObject({ type: "error", code: "internal" });
    await until(async () => (await ada.ask(join)).type === "ok", "the join works");
    expect(await send(ada, "hello")).toBe("ok");
  });
});

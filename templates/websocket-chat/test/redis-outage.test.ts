// Failures of Redis that keep its connections open: a failover, a server that rejects writes, silence.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Draft } from "../src/features/chat/room-log/room-log.ts";
import { BUS_LENGTH } from "../src/features/redis/bus.ts";
import { RedisRoomLog } from "../src/features/redis/room-log.ts";
import { openRedisStores } from "../src/features/redis/stores.ts";
import { FaultyProxy } from "./proxy.ts";
import { DisposableClient, HAS_REDIS_SERVER, OwnRedis } from "./redis.ts";
import { ChatServer, until } from "./server.ts";
import { Socket } from "./socket.ts";
import { Recorder } from "./stores.ts";

const ENV = { RATE_LIMIT: "1000000", SESSION_SECRET: "the same on every node" };
/** Milliseconds within which a silent connection has to be replaced: twice what the README says, for busy machines. */
const SILENCE_LIMIT_MS = 30_000;

const readyStatus = async (node: ChatServer) => (await fetch(`${node.url}/readyz`)).status;

/** Sends a message; joins the room again first if an outage removed the user from it. */
async function send(socket: Socket, text: string, room = "general"): Promise<string> {
  const reply = await socket.ask({ type: "chat", room, text, key: crypto.randomUUID() });
  if (reply.type !== "error") return reply.type;
  if (reply.code === "not_in_room") await socket.ask({ type: "join", room });
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
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    await ada.join("general");
    expect(await send(ada, "before")).toBe("ok");

    // The old primary keeps its connections, and rejects every write: READONLY.
    proxy.port = second.port;
    await first.command("REPLICAOF", "127.0.0.1", `${second.port}`);
    await second.command("REPLICAOF", "NO", "ONE");
    await until(async () => (await send(ada, "after")) === "ok", "messages are stored again");
    await ada.next("chat", ({ text }) => text === "after");
    await node.ready();
  });

  test("many users who join a room at the same time share the reads of its users", async () => {
    await using redis = await OwnRedis.start();
    const { presence, log } = openRedisStores(redis.url, "{test}", new Recorder());
    const isReady = () => Promise.all([log.ready(), presence.ready()]).then(Boolean, () => false);
    await until(isReady, "the stores are ready");
    await redis.command("CONFIG", "RESETSTAT");
    const users = Array.from({ length: 300 }, (_, n) => ({ id: `${n}`, name: `User ${n}` }));
    const joins = users.map((user) => presence.join("general", { user }));
    for (const [n, members] of (await Promise.all(joins)).entries()) {
      expect(members).toContainEqual({ id: `${n}`, name: `User ${n}` });
    }
    const stats = `${await redis.command("INFO", "commandstats")}`;
    expect(Number(/cmdstat_hvals:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(100);
    await presence.close();
    await log.close();
  });

  test("after a failover that only some connections follow, all of them reach the new primary", async () => {
    await using first = await OwnRedis.start();
    await using second = await OwnRedis.start();
    await using proxy = await FaultyProxy.start(first.port);
    const redisUrl = proxy.url.replace("http", "redis");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redisUrl });
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    await ada.join("general");
    proxy.port = second.port;
    // The connection that reads is in a blocking command.
    const clients = `${await first.command("CLIENT", "LIST")}`.split("\n");
    for (const client of clients.filter((line) => !/ cmd=(xread|client)/.test(line))) {
      const id = / ?id=(\d+)/.exec(client)?.[1];
      if (id) await first.command("CLIENT", "KILL", "ID", id);
    }
    // The deliveries that were lost close the connection.
    await until(async () => (await readyStatus(node)) === 503, "the node notices it");
    await ada.closed;
    await node.ready();
    using bob = await Socket.open(node.url, "Bob");
    await bob.join("general");
    expect(await send(bob, "hello")).toBe("ok");
    await bob.next("chat", ({ text }) => text === "hello");
  });

  test("silent connections are replaced, and messages of both nodes arrive again", async () => {
    await using redis = await OwnRedis.start();
    await using proxy = await FaultyProxy.start(redis.port);
    const redisUrl = proxy.url.replace("http", "redis");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redisUrl });
    await using other = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    for (const server of [node, other]) await server.ready();
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
    await node.ready();
  });

  test("a join on a silent connection is internal, and the next one works", async () => {
    await using redis = await OwnRedis.start();
    await using proxy = await FaultyProxy.start(redis.port);
    const redisUrl = proxy.url.replace("http", "redis");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redisUrl });
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    proxy.silence();
    const join = { type: "join", room: "general" };
    expect(await ada.ask(join)).toMatchObject({ type: "error", code: "internal" });
    await until(async () => (await ada.ask(join)).type === "ok", "the join works");
    expect(await send(ada, "hello")).toBe("ok");
  });

  test("an eviction policy is reported at start, and readyz is 503 once keys were evicted", async () => {
    await using redis = await OwnRedis.start(
      "--maxmemory",
      "4mb",
      "--maxmemory-policy",
      "allkeys-lru",
    );
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    await node.ready();
    await until(() => node.output.includes("noeviction"), "the policy is reported");
    using client = new DisposableClient(redis.url);
    const value = "x".repeat(20_000);
    for (let i = 0; i < 400; i++) await client.send("SET", [`other:${i}`, value]);
    await until(async () => (await readyStatus(node)) === 503, "the node is not ready");
    await redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await redis.command("FLUSHALL");
    await node.ready();
  });

  test("works in a cluster, where all keys are on one node", async () => {
    await using redis = await OwnRedis.start("--cluster-enabled", "yes");
    await redis.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    const isUp = async () =>
      `${await redis.command("CLUSTER", "INFO")}`.includes("cluster_state:ok");
    await until(isUp, "the cluster is up");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    await ada.join("general");
    expect(await send(ada, "hello")).toBe("ok");
    await ada.next("chat");
    await using split = await ChatServer.start({
      ...ENV,
      REDIS_URL: redis.url,
      REDIS_PREFIX: "chat",
    });
    await until(async () => {
      expect(await readyStatus(split)).toBe(503);
      return split.output.includes("CROSSSLOT");
    }, "the reason is logged");
  });

  test("readyz is 503 if the user may not run a command that messages need", async () => {
    await using redis = await OwnRedis.start();
    await redis.command("ACL", "SETUSER", "chat", "on", ">pw", "~{chat}:*", "+@all", "-zcard");
    const url = `redis://chat:pw@127.0.0.1:${redis.port}`;
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: url });
    await until(async () => {
      expect(await readyStatus(node)).toBe(503);
      return /can't run this command|no permissions/.test(node.output);
    }, "the reason is logged");
    expect(await redis.command("KEYS", "{chat}:probe:*")).toEqual([]);
    const minimal = ["-@all", "+@connection", "+@read", "+@write", "+@scripting", "+info", "+time"];
    await redis.command("ACL", "SETUSER", "chat", "+zcard", ...minimal);
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    await ada.join("general");
    expect(await send(ada, "hello")).toBe("ok");
  });

  test("signing out on one node closes the connections on the other one", async () => {
    await using redis = await OwnRedis.start();
    const env = { ...ENV, REDIS_URL: redis.url };
    await using node = await ChatServer.start(env);
    await using other = await ChatServer.start(env);
    for (const server of [node, other]) await server.ready();
    const ada = await Socket.open(node.url, "Ada");
    const headers = { cookie: ada.cookie };
    await fetch(`${other.url}/api/session`, { method: "DELETE", headers });
    expect((await ada.closed).code).toBe(4001);
    await other.crash();
    await other.restart();
    await other.ready();
    expect((await fetch(`${other.url}/ws`, { headers })).status).toBe(401);
  });

  test("data of another version is refused, and nothing is written to it", async () => {
    await using redis = await OwnRedis.start();
    await redis.command("SET", "{chat}:version", "1");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    await until(() => node.output.includes("have version 1"), "the reason is logged");
    expect(await readyStatus(node)).toBe(503);
    // Longer than between two heartbeats of the presence.
    await Bun.sleep(2000);
    expect(await redis.command("KEYS", "*")).toEqual(["{chat}:version"]);
    expect(await redis.command("GET", "{chat}:version")).toBe("1");
  });

  test("a join and a leave take effect in order, also after Redis has restarted", async () => {
    await using redis = await OwnRedis.start();
    const { bus, log, presence } = openRedisStores(redis.url, "{chat}", new Recorder());
    const ready = () => presence.ready().then(() => log.ready());
    const isReady = () =>
      ready().then(
        () => true,
        () => false,
      );
    await until(isReady, "the stores are ready");
    const ada = { user: { id: "a", name: "Ada" } };
    // Redis forgets its scripts when it restarts.
    await presence.leave("general", ada);
    await redis.crash();
    await redis.restart();
    await until(isReady, "the stores are ready again");
    await presence.leave("general", ada);
    await Promise.all([presence.join("general", ada), presence.leave("general", ada)]);
    const bob = { user: { id: "b", name: "Bob" } };
    expect(await presence.join("general", bob)).toEqual([bob.user]);
    await presence.close();
    await log.close();
    bus.close();
  });

  test.each(["that stored it", "that started later", "that has noticed an earlier loss"])(
    "a lost message starts a new epoch on a node %s, also if Redis has a newer entry by then, and the first generation again",
    async (which) => {
      await using redis = await OwnRedis.start();
      const recorder = new Recorder();
      const open = () => openRedisStores(redis.url, "{chat}", recorder);
      const close = async ({ log, presence }: ReturnType<typeof open>) => {
        await presence.close();
        await log.close();
      };
      const ready = ({ log }: ReturnType<typeof open>) =>
        log.ready().then(
          () => true,
          () => false,
        );
      let stores = open();
      await until(() => ready(stores), "the stores are ready");
      const from = { id: "a", name: "Ada" };
      const send = (text: string) =>
        stores.log.append({ type: "chat", room: "general", key: text, text, from, at: "" });
      const loseLatest = async () => {
        const isLost = Promise.withResolvers<void>();
        recorder.onDataLoss = isLost.resolve;
        const lose = `
          local last = redis.call('XREVRANGE', '{chat}:bus', '+', '-', 'COUNT', 1)
          redis.call('XDEL', '{chat}:bus', last[1][1])
          redis.call('SET', '{chat}:generation', ARGV[1])
          redis.call('RPOP', '{chat}:events:general')
          redis.call('HINCRBY', '{chat}:room:general', 'offset', -1)
          redis.call('XADD', '{chat}:bus', '*', 't', 'user:none', 'f', '{}')`;
        await redis.command("EVAL", lose, "0", first.epoch.split(".")[1] ?? "");
        await isLost.promise;
      };
      const first = await stores.log.read("general");
      await send("kept");
      if (which === "that has noticed an earlier loss") {
        await send("lost before");
        await loseLatest();
      }
      const { epoch } = await send("lost");
      if (which === "that started later") {
        await close(stores);
        stores = open();
        await until(() => ready(stores), "the stores are ready again");
      }
      // Resent: its `ok` has the epoch in which it was stored.
      await send("kept");
      await loseLatest();
      const later = await send("later");
      expect(later.offset).toBe(2);
      expect([first.epoch, epoch]).not.toContain(later.epoch);
      await close(stores);
    },
  );

  test("old deliveries are deleted, and no node that has read them loses a delivery", async () => {
    await using redis = await OwnRedis.start();
    const add = (id: string, text: string) =>
      redis.command("XADD", "{chat}:bus", id, "t", "user:a", "f", `{"text":"${text}"}`);
    await add("1-1", "an old secret");
    await add("2-1", "the cursor of the node");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    await node.ready();
    using ada = await Socket.open(node.url, "Ada");
    const { epoch } = await ada.join("general");
    const texts = async () => JSON.stringify(await redis.command("XRANGE", "{chat}:bus", "-", "+"));
    await until(async () => !(await texts()).includes("an old secret"), "the old one is deleted");
    expect(await texts()).toContain("the cursor of the node");
    expect(await send(ada, "hello")).toBe("ok");
    await ada.next("chat");
    expect((await ada.join("general")).epoch).toBe(epoch);
  });

  test("many users of a crashed node leave without a loss of deliveries", async () => {
    await using redis = await OwnRedis.start("--appendfsync", "no");
    const recorder = new Recorder();
    let losses = 0;
    recorder.onDataLoss = () => losses++;
    const nodes = [1, 2, 3].map(() => openRedisStores(redis.url, "{chat}", recorder));
    const areReady = () =>
      Promise.all(nodes.map(({ log }) => log.ready())).then(
        () => true,
        () => false,
      );
    await until(areReady, "the stores are ready");
    // More than the bus retains.
    const count = BUS_LENGTH + 1000;
    const crash = `
      for i = 1, ${count} do
        redis.call('SADD', '{chat}:node:crashed', 'general u' .. i)
        redis.call('HSET', '{chat}:count:general', 'u' .. i, 1)
        redis.call('HSET', '{chat}:people:general', 'u' .. i, '{"id":"u' .. i .. '","name":"User"}')
      end
      redis.call('ZADD', '{chat}:nodes', 1, 'crashed')`;
    await redis.command("EVAL", crash, "0");
    const isGone = async () => (await redis.command("ZSCORE", "{chat}:nodes", "crashed")) === null;
    await until(isGone, "the node is removed");
    const left = () => recorder.frames("room:general").length;
    await until(() => left() >= nodes.length * count, "every departure is delivered");
    expect({ losses, left: left() }).toEqual({ losses: 0, left: nodes.length * count });
    expect(await redis.command("KEYS", "{chat}:*:general")).toEqual([]);
    for (const { presence, log } of nodes) {
      await presence.close();
      await log.close();
    }
  });

  test("an event on a message that changes all the time is refused with a temporary error", async () => {
    const state = JSON.stringify({
      offset: 1,
      from: { id: "a", name: "Ada" },
      text: "",
      at: "",
      key: "",
    });
    const send = async (command: string) => {
      if (command === "HGET") return state;
      return command === "HMGET" ? [null, null, null] : null;
    };
    const log = new RedisRoomLog({ send } as never, {} as never, "{chat}");
    // An event with a target is about a message, whatever its type is.
    const event = { type: "chat", room: "general", key: "k", target: 1, text: "" };
    const draft = { ...event, from: { id: "a", name: "Ada" }, at: "" } as Draft;
    await expect(log.append(draft)).rejects.toMatchObject({ status: 503 });
  });

  test("keys of release 0.1 are refused, and the log says what to do", async () => {
    await using redis = await OwnRedis.start();
    await redis.command("HSET", "{chat}:offsets", "general", "5");
    await using node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
    await until(() => node.output.includes("set REDIS_PREFIX"), "the reason is logged");
    expect(await readyStatus(node)).toBe(503);
    await redis.command("DEL", "{chat}:offsets");
    await node.ready();
  });
});

describe.skipIf(!HAS_REDIS_SERVER)("one Redis and one node for several tests", () => {
  let redis: OwnRedis;
  let node: ChatServer;
  beforeAll(async () => {
    redis = await OwnRedis.start();
    node = await ChatServer.start({ ...ENV, REDIS_URL: redis.url });
  });
  beforeEach(() => node.ready());
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  test.each([
    ["is out of memory", "maxmemory", "1", "0"],
    ["has too few replicas", "min-replicas-to-write", "1", "0"],
  ])("while it %s, readyz is 503 and the connections stay open", async (_, name, bad, good) => {
    const room = name;
    using ada = await Socket.open(node.url, "Ada");
    using bob = await Socket.open(node.url, "Bob");
    await ada.join(room);
    await bob.join(room);
    await using restore = new AsyncDisposableStack();
    restore.defer(async () => void (await redis.command("CONFIG", "SET", name, good)));
    await redis.command("CONFIG", "SET", name, bad);
    expect(await send(ada, "rejected", room)).toBe("internal");
    await until(async () => (await readyStatus(node)) === 503, "the node is not ready");
    bob.drop();
    await redis.command("CONFIG", "SET", name, good);
    await node.ready();
    expect(await send(ada, "stored", room)).toBe("ok");
    // The departure could not be published during the outage.
    await ada.next("user-left", ({ user }) => user.id === bob.you.id);
    expect((await ada.join(room)).members).toEqual([ada.you]);
  });

  test.each(["room", "events", "messages", "order"])(
    "a room that lost its key %s starts a new epoch or continues, and every message is delivered once",
    async (key) => {
      const room = `without-${key}`;
      using ada = await Socket.open(node.url, "Ada");
      const { epoch } = await ada.join(room);
      for (let i = 1; i <= 5; i++) await ada.chat(room, `before ${i}`);
      await redis.command("DEL", `{chat}:${key}:${room}`);
      for (let i = 1; i <= 3; i++) await ada.chat(room, `after ${i}`);
      const after = ada.all("chat").filter(({ text }) => text?.startsWith("after"));
      expect(after.map(({ text }) => text)).toEqual(["after 1", "after 2", "after 3"]);
      using bob = await Socket.open(node.url, "Bob");
      const joined = await bob.join(room);
      expect(joined.offset).toBe(after.at(-1)?.offset ?? 0);
      expect(joined.messages.slice(-3).map(({ text }) => text)).toEqual(
        after.map(({ text }) => text),
      );
      const recovery = await bob.join(room, { epoch, offset: 3 });
      // If events are missing, the reply must not say `recovered: true`.
      if (recovery.recovered) expect(recovery.messages).toHaveLength(recovery.offset - 3);
    },
  );

  test("a leave that fails can be repeated", async () => {
    const room = "leaves";
    using ada = await Socket.open(node.url, "Ada");
    using bob = await Socket.open(node.url, "Bob");
    await ada.join(room);
    await bob.join(room);
    const allowWrites = () => redis.command("CONFIG", "SET", "min-replicas-to-write", "0");
    await using restore = new AsyncDisposableStack();
    restore.defer(async () => void (await allowWrites()));
    await redis.command("CONFIG", "SET", "min-replicas-to-write", "1");
    const leave = { type: "leave", room };
    expect(await bob.ask(leave)).toMatchObject({ code: "internal", retry: true });
    await allowWrites();
    await until(async () => (await bob.ask(leave)).type === "ok", "the leave works");
    await ada.next("user-left", ({ user }) => user.id === bob.you.id);
    expect((await ada.join(room)).members).toEqual([ada.you]);
  });
});

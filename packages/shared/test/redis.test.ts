// A connection to Redis through outages: it fails fast, and is replaced when it breaks or goes silent.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Problem } from "../src/http.ts";
import { RedisConnection } from "../src/redis.ts";
import { run, until } from "./child.ts";
import { Relay, redisServer, TestRedis } from "./redis-server.ts";

test("a Redis that cannot be reached is a 503", async () => {
  const opening = RedisConnection.open("redis://127.0.0.1:1");
  await expect(opening).rejects.toMatchObject({ status: 503 });
});

describe.skipIf(!redisServer)("with a Redis server", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  const set = (connection: RedisConnection) => connection.send("SET", ["key", "value"]);
  const works = (connection: RedisConnection) => () =>
    set(connection).then(
      () => true,
      () => false,
    );

  test("a command returns its reply, and an error reply is a 503 with its cause", async () => {
    const connection = await RedisConnection.open(redis.url);
    expect(await set(connection)).toBe("OK");
    const error = await connection.send("INCR", ["key"]).catch((caught) => caught);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({
      status: 503,
      cause: { message: expect.stringContaining("not an integer") },
    });
    expect(connection.isConnected).toBe(true);
    connection.close();
  });

  test.each([
    ["onConnect rejects", "", "3", "The keys have version 1."],
    ["the user is unknown", "nobody:secret@", "0", "refuses the user, the password or TLS"],
  ])("if %s, the 503 and one log line say why", async (_what, user, ATTEMPTS, reason) => {
    await using child = run(
      `import { setupLog } from "./src/log.ts";
       import { RedisConnection } from "./src/redis.ts";
       setupLog({ LOG_LEVEL: "info", NODE_ENV: "production" });
       let attempts = 0;
       const connection = RedisConnection.start(process.env.REDIS_URL, async () => {
         attempts += 1;
         throw new Error("The keys have version 1.");
       });
       let reason;
       while (!reason || attempts < Number(process.env.ATTEMPTS)) {
         await Bun.sleep(1);
         reason = await connection.send("PING", []).catch(({ cause }) => cause.cause?.message);
       }
       console.log("cause:", reason);
       connection.close();`,
      { ATTEMPTS, REDIS_URL: redis.url.replace("//", `//${user}`) },
    );
    expect(await child.exited).toBe(0);
    expect(child.output()).toMatch(new RegExp(`^cause: .*${reason}$`, "m"));
    expect(child.output().match(/cannot use Redis at .*/g)).toEqual([
      expect.stringContaining(reason),
    ]);
    expect(child.output()).not.toContain("secret");
  });

  test("after a restart of Redis it reconnects, and runs onConnect first", async () => {
    const seen: string[] = [];
    const connection = await RedisConnection.open(redis.url, async (client) => {
      await client.send("PING", []);
      seen.push("connected");
    });
    await redis.kill();
    await until(() => !connection.isConnected);
    const started = performance.now();
    await expect(set(connection)).rejects.toMatchObject({ status: 503 });
    // Without a connection nothing is queued: a command fails immediately.
    expect(performance.now() - started).toBeLessThan(500);
    await redis.start();
    await until(works(connection));
    expect(seen).toEqual(["connected", "connected"]);
    connection.close();
  });

  test("a connection that went silent is replaced within 15 s", async () => {
    using relay = new Relay(redis.port);
    const connection = await RedisConnection.open(relay.url);
    await set(connection);
    relay.silence();
    const started = performance.now();
    await expect(set(connection)).rejects.toMatchObject({ status: 503 });
    await until(works(connection));
    expect(performance.now() - started).toBeLessThan(15_000);
    connection.close();
  });

  test("a blocking command has the time that it asks for", async () => {
    const connection = await RedisConnection.open(redis.url);
    const reply = await connection.send("BLPOP", ["nothing", "3"], 6000);
    expect(reply).toBeNull();
    connection.close();
  });

  test("READONLY after a failover is a 503 until the server is a primary again", async () => {
    const connection = await RedisConnection.open(redis.url);
    await redis.command("REPLICAOF", "127.0.0.1", "1");
    await expect(set(connection)).rejects.toMatchObject({ status: 503 });
    await redis.command("REPLICAOF", "NO", "ONE");
    await until(works(connection));
    connection.close();
  });

  test("out of memory is a 503, and the connection stays", async () => {
    const connection = await RedisConnection.open(redis.url);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    await expect(set(connection)).rejects.toMatchObject({ status: 503 });
    expect(connection.isConnected).toBe(true);
    expect(await connection.send("PING", [])).toBe("PONG");
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    expect(await set(connection)).toBe("OK");
    connection.close();
  });

  test("a closed connection does not reconnect", async () => {
    const connection = await RedisConnection.open(redis.url);
    connection.close();
    await expect(set(connection)).rejects.toMatchObject({ status: 503 });
    await Bun.sleep(600);
    expect(connection.isConnected).toBe(false);
  });
});

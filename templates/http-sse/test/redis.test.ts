// Several instances on one Redis, and a Redis that dies under load. Runs when REDIS_URL is set.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "bun";
import { type Message, TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

const url = process.env.REDIS_URL;
if (!url) console.warn("REDIS_URL is not set: several instances are not tested.");

/** A stream of its own on the shared Redis, removed at the end. */
function ownStream() {
  const key = `test:${crypto.randomUUID()}`;
  return {
    env: { REDIS_URL: url ?? "", REDIS_KEY: key },
    async [Symbol.asyncDispose]() {
      const client = new RedisClient(url);
      const keys = await client.send("KEYS", [`*${key}*`]);
      if (keys.length > 0) await client.send("DEL", keys);
      client.close();
    },
  };
}

describe.skipIf(!url)("several instances", () => {
  test("share one stream, and its ids resume on any of them", async () => {
    await using stream = ownStream();
    await using one = await TestServer.start(stream.env);
    await using two = await TestServer.start(stream.env);
    using onOne = await one.events();
    using onTwo = await two.events();
    const posted: Message[] = [];
    for (let i = 0; i < 20; i++) posted.push(await (i % 2 ? one : two).post(`${i}`));
    const texts = posted.map(({ text }) => text);
    expect(await onOne.texts(20)).toEqual(texts);
    expect(await onTwo.texts(20)).toEqual(texts);
    for (const server of [one, two]) {
      using resumed = await server.events({ "last-event-id": posted[4]?.id ?? "" });
      expect(await resumed.texts(15)).toEqual(texts.slice(5));
      using unknown = await server.events({ "last-event-id": "1-1" });
      expect((await unknown.next())?.event).toBe("gap");
    }
    const key = { "idempotency-key": "order-1" };
    const both = await Promise.all([one.post("once", key), two.post("once", key)]);
    expect(both[0]).toEqual(both[1]);
  });

  test("a replay on one turns live without a gap or a double while others are posted to", async () => {
    await using stream = ownStream();
    await using one = await TestServer.start(stream.env);
    await using two = await TestServer.start(stream.env);
    const start = await one.post("start");
    const posting = Promise.all(
      [one, two].map(async (server, at) => {
        for (let i = 0; i < 500; i++) await server.post(`${at}.${i}`);
      }),
    );
    const readers = Array.from({ length: 8 }, async (_, i) => {
      await Bun.sleep(i * 30);
      using client = await (i % 2 ? one : two).events({ "last-event-id": start.id });
      return await client.texts(1000);
    });
    const [first = [], ...others] = await Promise.all(readers);
    await posting;
    expect(new Set(first).size).toBe(1000);
    for (const other of others) expect(other).toEqual(first);
  });
});

/** A way to Redis that can be cut, and opened again on the same port. */
class Link {
  #listener: Bun.TCPSocketListener<{ upstream: Promise<Bun.Socket> }> | undefined;
  port = 0;

  open(): this {
    const { hostname, port } = new URL(url ?? "");
    this.#listener = Bun.listen<{ upstream: Promise<Bun.Socket> }>({
      hostname: "127.0.0.1",
      port: this.port,
      socket: {
        open(client) {
          const upstream = Bun.connect({
            hostname,
            port: Number(port || 6379),
            socket: {
              data: (_, chunk) => void client.write(chunk),
              close: () => client.terminate(),
            },
          });
          client.data = { upstream };
        },
        data: async (client, chunk) => {
          (await client.data.upstream).write(chunk);
        },
        close: async (client) => {
          (await client.data.upstream).terminate();
        },
      },
    });
    this.port = this.#listener.port;
    return this;
  }

  cut(): void {
    this.#listener?.stop(true);
  }

  [Symbol.dispose](): void {
    this.cut();
  }
}

test.skipIf(!url)(
  "an instance that was cut off while messages were dropped hides no gap",
  async () => {
    await using stream = ownStream();
    using link = new Link().open();
    const keep = { MESSAGES_KEEP: "3" };
    await using other = await TestServer.start({ ...stream.env, ...keep });
    const away = { ...stream.env, ...keep, REDIS_URL: `redis://127.0.0.1:${link.port}` };
    await using cutOff = await TestServer.start(away);
    const seen = await other.post("seen");
    using live = await cutOff.events({ "last-event-id": seen.id });
    await other.post("live");
    const last = await live.next();
    link.cut();
    while ((await cutOff.fetch("/readyz")).status !== 503) await Bun.sleep(20);
    for (let i = 0; i < 5; i++) await other.post(`missed ${i}`);
    link.open();
    // It may not go on as if nothing were missing.
    expect(await live.next()).toBeUndefined();
    using resumed = await cutOff.events({ "last-event-id": last?.id ?? "" });
    expect((await resumed.next())?.event).toBe("gap");
    expect(await resumed.texts(3)).toEqual(["missed 2", "missed 3", "missed 4"]);
    await other.post("after");
    expect(await resumed.texts(1)).toEqual(["after"]);
  },
);

const canRunRedis = Boolean(url) && Bun.which("redis-server") !== null;
if (url && !canRunRedis) console.warn("There is no redis-server: its restart is not tested.");

test.skipIf(!canRunRedis)(
  "Redis killed under load: 503 and not ready, then all goes on, and nothing acknowledged is lost",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "http-sse-redis-"));
    const port = await freePort();
    const startRedis = () =>
      Bun.spawn(
        ["redis-server", "--port", `${port}`, "--dir", folder, "--save", ""].concat([
          "--appendonly",
          "yes",
          "--appendfsync",
          "always",
        ]),
        { stdout: "ignore", stderr: "ignore" },
      );
    let redis = startRedis();
    try {
      await reachable(`redis://127.0.0.1:${port}`);
      await using one = await TestServer.start({ REDIS_URL: `redis://127.0.0.1:${port}` });
      await using two = await TestServer.start({ REDIS_URL: `redis://127.0.0.1:${port}` });
      using live = await one.events();
      const acknowledged: string[] = [];
      const statuses = new Set<number>();
      let posting = true;
      const posters = [one, two].map(async (server, at) => {
        for (let i = 0; posting; i++) {
          const response = await server.fetch("/api/messages", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ text: `${at}.${i}` }),
          });
          statuses.add(response.status);
          if (response.status === 201) acknowledged.push(`${at}.${i}`);
          else expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
          await Bun.sleep(1);
        }
      });
      const readyz = async () => [
        (await one.fetch("/readyz")).status,
        (await two.fetch("/readyz")).status,
      ];
      const until = async (expected: number) => {
        while ((await readyz()).some((status) => status !== expected)) await Bun.sleep(20);
      };
      while (acknowledged.length < 50) await Bun.sleep(5);
      redis.kill("SIGKILL");
      await redis.exited;
      await until(503);
      redis = startRedis();
      await until(200);
      const before = acknowledged.length;
      while (acknowledged.length < before + 50) await Bun.sleep(5);
      posting = false;
      await Promise.all(posters);
      const end = await two.post("end");
      expect([...statuses].toSorted()).toEqual([201, 503]);

      const received: string[] = [];
      for (let event = await live.next(); event; event = await live.next()) {
        expect(event.event).toBe("message");
        if (event.id === end.id) break;
        received.push(JSON.parse(event.data).text);
      }
      expect(new Set(received).size).toBe(received.length);
      expect(acknowledged.filter((text) => !received.includes(text))).toEqual([]);
    } finally {
      redis.kill("SIGKILL");
      await redis.exited;
      await rm(folder, { recursive: true, force: true });
    }
  },
);

async function freePort(): Promise<number> {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: () => undefined },
  });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function reachable(address: string): Promise<void> {
  const client = new RedisClient(address);
  await client.send("PING", []);
  client.close();
}

// Jobs of several instances on one Redis: followed, cancelled and ended by another instance.
import { expect, test } from "bun:test";
import { Relay, redisServer, TestRedis } from "../../../test/redis-server.ts";
import { TestServer } from "../../../test/server.ts";
import { eventsOf, jobOf, startJob, upload, uploadEndless } from "./test-client.ts";

test.skipIf(!redisServer)("are followed and cancelled on another instance", async () => {
  await using redis = await TestRedis.start();
  await using one = await TestServer.start({ REDIS_URL: redis.url, JOB_WORKERS: "1" });
  await using two = await TestServer.start({ REDIS_URL: redis.url });
  const done = await startJob(one, await upload(one, "one two"));
  expect((await eventsOf(two, done)).at(-1)?.event).toBe("result");

  const running = await startJob(one, await uploadEndless(one));
  const response = await two.fetch(`/api/jobs/${running.id}`, { method: "DELETE" });
  expect(await response.json()).toMatchObject({ status: "cancelled" });
  expect(JSON.parse((await eventsOf(one, running)).at(-1)?.data ?? "")).toMatchObject({
    code: "cancelled",
  });
  // Its worker is free again.
  const next = await startJob(one, await upload(one, "next"));
  expect((await eventsOf(two, next)).at(-1)?.event).toBe("result");
});

test.skipIf(!redisServer)(
  "of a killed instance end with an error; those of a live one keep running",
  async () => {
    await using redis = await TestRedis.start();
    const env = { REDIS_URL: redis.url };
    await using killed = await TestServer.start(env);
    await using live = await TestServer.start(env);
    const lost = await startJob(killed, await uploadEndless(killed));
    const running = await startJob(live, await uploadEndless(live));
    await killed.stop("SIGKILL");
    await using started = await TestServer.start(env);
    const events = await eventsOf(started, lost);
    expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ code: "interrupted" });
    expect((await jobOf(started, lost)).status).toBe("failed");
    expect((await jobOf(started, running)).status).toBe("running");
  },
);

test.skipIf(!redisServer)(
  "of a live instance survive an outage that is longer than its lease",
  async () => {
    await using redis = await TestRedis.start();
    const env = { REDIS_URL: redis.url };
    await using one = await TestServer.start(env);
    using relay = new Relay(redis.url);
    // Reconnects later than the other instance.
    await using two = await TestServer.start({ REDIS_URL: relay.url });
    const job = await startJob(two, await uploadEndless(two));
    const key = (await redis.command("KEYS", "*instance:*")) as string[];
    relay.cut();
    await redis.kill();
    await redis.start();
    // As if the outage had taken longer than the lease.
    await redis.command("DEL", ...key);
    // `one` checks every two seconds.
    while ((await one.fetch("/readyz")).status !== 200) await Bun.sleep(20);
    const checks = () => redis.command("INFO", "commandstats");
    while (!/cmdstat_exists:calls=[1-9]/.test(String(await checks()))) await Bun.sleep(100);
    relay.open();
    while (((await redis.command("KEYS", "*instance:*")) as string[]).length < 2)
      await Bun.sleep(20);
    expect((await jobOf(one, job)).status).toBe("running");
    expect((await jobOf(two, job)).status).toBe("running");
  },
);

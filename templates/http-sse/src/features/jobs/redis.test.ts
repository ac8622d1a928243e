// Jobs of several instances on one Redis: followed, cancelled and ended by another instance.
import { expect, test } from "bun:test";
import { redisServer, TestRedis } from "../../../test/redis-server.ts";
import { TestServer } from "../../../test/server.ts";
import { eventsOf, jobOf, startJob, upload, uploadHuge } from "./test-client.ts";

test.skipIf(!redisServer)("are followed and cancelled on another instance", async () => {
  await using redis = await TestRedis.start();
  await using one = await TestServer.start({ REDIS_URL: redis.url, JOB_WORKERS: "1" });
  await using two = await TestServer.start({ REDIS_URL: redis.url });
  const done = await startJob(one, await upload(one, "one two"));
  expect((await eventsOf(two, done)).at(-1)?.event).toBe("result");

  const running = await startJob(one, await uploadHuge(one));
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
    const lost = await startJob(killed, await uploadHuge(killed));
    const running = await startJob(live, await uploadHuge(live));
    await killed.stop("SIGKILL");
    await using started = await TestServer.start(env);
    const events = await eventsOf(started, lost);
    expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ code: "interrupted" });
    expect((await jobOf(started, lost)).status).toBe("failed");
    expect((await jobOf(started, running)).status).toBe("running");
  },
);

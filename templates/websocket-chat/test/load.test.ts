// The load generator: its own chat, and one that refuses its messages or stops.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

test("a refused message ends it with the reason", async () => {
  await using server = await ChatServer.start({ RATE_LIMIT: "1" });
  const args = ["--url", server.url, "--clients", "2", "--seconds", "1", "--idle", "0"];
  const load = Bun.spawn([process.execPath, join(import.meta.dir, "../load.ts"), ...args], {
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await new Response(load.stderr).text()).toContain("RATE_LIMIT");
  expect(await load.exited).toBe(1);
});

test("a chat that stops during the measurement ends it without figures", async () => {
  await using server = await ChatServer.start({ RATE_LIMIT: "1000000000" });
  using member = await Socket.open(server.url, "Member");
  await member.join("load");
  const args = ["--url", server.url, "--clients", "2", "--seconds", "50", "--idle", "0"];
  const load = Bun.spawn([process.execPath, join(import.meta.dir, "../load.ts"), ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  await member.next("chat");
  await server.crash();
  expect(await new Response(load.stderr).text()).toContain("closed a connection");
  expect(await new Response(load.stdout).text()).not.toContain("deliveries");
  expect(await load.exited).toBe(1);
});

test("its own chat uses neither the stores nor the ports of the environment", async () => {
  await using server = await ChatServer.start({ METRICS_PORT: "0" });
  const busy = /metrics at http:\/\/[^:]+:(\d+)/.exec(server.output)?.[1] ?? `${server.port}`;
  const args = ["--clients", "2", "--seconds", "0.1", "--idle", "0"];
  const load = Bun.spawn([process.execPath, join(import.meta.dir, "../load.ts"), ...args], {
    env: {
      ...process.env,
      ...{ PORT: `${server.port}`, METRICS_PORT: busy },
      // #region redis
      // Nothing listens there.
      REDIS_URL: "redis://127.0.0.1:1",
      // #endregion
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  expect(await new Response(load.stdout).text()).toContain("deliveries");
  expect(await load.exited).toBe(0);
});

// The load generator, against a chat that refuses its messages.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ChatServer } from "./server.ts";

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

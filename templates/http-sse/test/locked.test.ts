// Another process holds the lock of the database: requests fail fast, and the service stays responsive.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { TestServer } from "./server.ts";

test("while the database is locked, a message is 503 and readyz too, and then both recover", async () => {
  await using server = await TestServer.start();
  const headers = { "content-type": "application/json" };
  const post = () =>
    server.fetch("/api/messages", { method: "POST", headers, body: JSON.stringify({ text: "x" }) });
  using other = new Database(join(server.dataDir, "messages.db"));
  other.run("BEGIN IMMEDIATE");
  const refused = await post();
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await server.fetch("/readyz")).status).toBe(503);
  expect((await server.fetch("/healthz")).status).toBe(200);
  other.run("ROLLBACK");
  expect((await post()).status).toBe(201);
  while ((await server.fetch("/readyz")).status !== 200) await Bun.sleep(20);
});

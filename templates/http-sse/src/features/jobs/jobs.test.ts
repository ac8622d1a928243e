// Jobs alone: a job whose first status cannot be stored.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metrics } from "#lib/metrics";
import { SqliteMessages } from "../messages/sqlite.ts";
import { Jobs } from "./jobs.ts";

test("a job whose first status cannot be stored is refused, and no end of it is stored later", async () => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-jobs-"));
  const file = join(folder, "messages.db");
  const messages = new SqliteMessages(file, 100);
  const jobs = new Jobs(messages, new Metrics(false));
  try {
    using other = new Database(file);
    other.run("BEGIN IMMEDIATE");
    await expect(jobs.start(async () => ({}))).rejects.toMatchObject({ status: 503 });
    other.run("ROLLBACK");
    await jobs.drain();
    const { messages: stored } = await messages.read({ topics: ["*"], after: undefined, limit: 1 });
    expect(stored).toEqual([]);
  } finally {
    await jobs.close();
    messages.close();
    await rm(folder, { recursive: true });
  }
});

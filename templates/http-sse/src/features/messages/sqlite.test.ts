// The message store in SQLite keeps the contract of the message store.
import { afterAll } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteMessages } from "./sqlite.ts";
import { testMessageStore } from "./store-contract.ts";

const folder = await mkdtemp(join(tmpdir(), "http-sse-store-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

testMessageStore({
  isShared: false,
  open: async (id, keep) => new SqliteMessages(join(folder, `${id}.db`), keep),
  remove: async () => undefined,
});

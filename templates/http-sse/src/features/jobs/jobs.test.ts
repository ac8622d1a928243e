// Jobs alone: a job whose first status cannot be stored, and how the state of a job is read.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metrics } from "#lib/metrics";
import { SqliteMessages } from "../messages/sqlite.ts";
import { Jobs, type Work } from "./jobs.ts";

let folder: string;
let messages: SqliteMessages;
let jobs: Jobs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "http-sse-jobs-"));
  messages = new SqliteMessages(join(folder, "messages.db"), 100);
  jobs = new Jobs(messages, new Metrics(false));
});
afterEach(async () => {
  await jobs.close();
  messages.close();
  await rm(folder, { recursive: true });
});

const untilCancelled: Work = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a job whose first status cannot be stored is refused, and no end of it is stored later", async () => {
  using other = new Database(join(folder, "messages.db"));
  other.run("BEGIN IMMEDIATE");
  await expect(jobs.start(async () => ({}))).rejects.toMatchObject({ status: 503 });
  other.run("ROLLBACK");
  await jobs.drain();
  const { messages: stored } = await messages.read({ patterns: ["*"], after: undefined, limit: 1 });
  expect(stored).toEqual([]);
});

test.each([
  ["a BigInt", async () => ({ count: 1n })],
  // As for work in JavaScript, or with a value of the type `any`.
  ["nothing", async () => JSON.parse("null")],
])("a job whose result is %s, which cannot be stored, fails", async (_, work) => {
  const { id } = await jobs.start(work);
  await jobs.drain();
  expect(await jobs.get(id)).toMatchObject({ status: "failed", error: { code: "failed" } });
});

test("the state of a job takes at most one search through the messages", async () => {
  const done = await jobs.start(async () => ({ answer: 42 }));
  const failed = await jobs.start(() => Promise.reject(new Error("a failure of the test")));
  await jobs.drain();
  const running = await jobs.start(untilCancelled);
  const search = spyOn(messages, "newest");
  const cases = [
    [done.id, { status: "done", progress: 1, result: { answer: 42 } }, 0],
    [failed.id, { status: "failed", progress: 0, error: { code: "failed" } }, 1],
    [running.id, { status: "running", progress: 0 }, 0],
  ] as const;
  for (const [id, state, searches] of cases) {
    search.mockClear();
    expect(await jobs.get(id)).toMatchObject({ id, ...state });
    expect([state.status, search.mock.calls.length]).toEqual([state.status, searches]);
  }
});

test("a job that was cancelled stays so, even if its instance reports progress later", async () => {
  const { id, topic } = await jobs.start(untilCancelled);
  const data = { code: "cancelled", detail: "The job was cancelled." };
  await messages.append({ topic, event: "error", data, key: `end ${topic}` });
  for (let i = 0; i < 5; i++) {
    await messages.append({ topic, event: "progress", data: { progress: i / 5 } });
  }
  expect(await jobs.get(id)).toMatchObject({ status: "cancelled", progress: 0.8 });
});

test("a job whose stored status was not acknowledged is ended", async () => {
  const { append } = messages;
  let topic = "";
  const lost = spyOn(messages, "append").mockImplementationOnce(async (message) => {
    topic = message.topic;
    await append.call(messages, message);
    throw new Error("The response was lost.");
  });
  await expect(jobs.start(untilCancelled)).rejects.toThrow("lost");
  lost.mockRestore();
  while ((await messages.states()).size > 0) await Bun.sleep(20);
  const end = await messages.getByKey(`end ${topic}`);
  expect(end).toMatchObject({ event: "error", data: { code: "interrupted" } });
});

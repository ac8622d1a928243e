// /api/uploads/:id/analysis: progress and result, a full queue, clients that disconnect, a timeout.
import { expect, test } from "bun:test";
import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";
import { type ReceivedEvent, readEvents } from "../events/parse.ts";

async function upload(server: TestServer, body: string): Promise<string> {
  const response = await server.fetch("/api/uploads?name=x", { method: "POST", body });
  const { id } = (await response.json()) as { id: string };
  return `/api/uploads/${id}/analysis`;
}

/** The file whose analysis has this path. */
function contentOf(server: TestServer, path: string): string {
  return join(server.dataDir, path.replace(/^\/api(.*)analysis$/, "$1content"));
}

/** An upload that takes long to analyse: its file is extended to 64 GiB of zeros. */
async function uploadHuge(server: TestServer): Promise<string> {
  const path = await upload(server, "huge");
  await truncate(contentOf(server, path), 2 ** 36);
  return path;
}

async function eventsOf(response: Response): Promise<ReceivedEvent[]> {
  return response.body ? Array.fromAsync(readEvents(response.body)) : [];
}

test("counts like wc, and reports progress up to the end", async () => {
  await using server = await TestServer.start();
  const text = `${"one two\tthree\r\n\n ünï 🙂 ".repeat(40_000)}end`;
  const [bytes, lines, words] = [Buffer.byteLength(text), 80_000, 200_001];
  const response = await server.fetch(await upload(server, text), { method: "POST" });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const events = await eventsOf(response);
  const progress = events.slice(0, -1).map(({ event, data }) => ({ event, ...JSON.parse(data) }));
  expect(progress.length).toBeGreaterThan(2);
  expect(progress).toEqual(progress.toSorted((a, b) => a.bytes - b.bytes));
  expect(progress.at(-1)).toEqual({ event: "progress", bytes, total: bytes });
  expect(events.at(-1)?.event).toBe("result");
  const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  expect(JSON.parse(events.at(-1)?.data ?? "")).toEqual({ bytes, lines, words, sha256 });
});

test("an empty file has a result; an unknown upload is 404", async () => {
  await using server = await TestServer.start();
  const events = await eventsOf(await server.fetch(await upload(server, ""), { method: "POST" }));
  expect(events.map(({ event }) => event)).toEqual(["progress", "result"]);
  for (const id of ["x", "..%2f", crypto.randomUUID()]) {
    const response = await server.fetch(`/api/uploads/${id}/analysis`, { method: "POST" });
    expect(response.status).toBe(404);
  }
});

test("a form of a foreign page cannot start one", async () => {
  await using server = await TestServer.start();
  const headers = { origin: "https://evil.example" };
  const path = await upload(server, "text");
  expect((await server.fetch(path, { method: "POST", headers })).status).toBe(403);
});

test("a full queue is 503; clients that disconnect free their slots, running or queued", async () => {
  const env = { ANALYSIS_WORKERS: "1", ANALYSIS_QUEUE: "1" };
  await using server = await TestServer.start(env);
  const big = await uploadHuge(server);
  const small = await upload(server, "small");
  const clients = [new AbortController(), new AbortController()];
  for (const { signal } of clients) await server.fetch(big, { method: "POST", signal });
  const refused = await server.fetch(small, { method: "POST" });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  for (const client of clients) client.abort();
  for (;;) {
    const response = await server.fetch(small, { method: "POST" });
    const events = await eventsOf(response);
    if (response.status === 200) return expect(events.at(-1)?.event).toBe("result");
    await Bun.sleep(20);
  }
});

test("a task that exceeds its time limit ends with an error, and the next one works", async () => {
  await using server = await TestServer.start({
    ANALYSIS_WORKERS: "1",
    ANALYSIS_TIMEOUT_MS: "1000",
  });
  const big = await uploadHuge(server);
  const lost = await eventsOf(await server.fetch(big, { method: "POST" }));
  expect(lost.at(-1)?.event).toBe("error");
  const small = await upload(server, "small");
  for (;;) {
    // The new worker starts within this short limit only on a later attempt, if the machine is busy.
    const events = await eventsOf(await server.fetch(small, { method: "POST" }));
    if (events.at(-1)?.event === "result") return;
  }
});

test.skipIf(process.platform === "win32")(
  "a file that opens only after its analysis has ended is closed",
  async () => {
    await using server = await TestServer.start({ ANALYSIS_TIMEOUT_MS: "500" });
    const path = await upload(server, "text");
    const content = contentOf(server, path);
    await rm(content);
    // A named pipe opens for reading once another process opens it for writing.
    expect(await Bun.spawn(["mkfifo", content]).exited).toBe(0);
    const events = await eventsOf(await server.fetch(path, { method: "POST" }));
    expect(events.at(-1)?.event).toBe("error");
    const script = 'exec >"$0"; while echo text; do sleep 0.01; done';
    const writer = Bun.spawn(["sh", "-c", script, content], { stderr: "ignore" });
    // Writing fails as soon as the service has closed its end.
    await writer.exited;
  },
);

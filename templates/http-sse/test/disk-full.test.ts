// A full disk: messages are refused and the service is not ready, until there is space again.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestServer } from "./server.ts";

test.skipIf(process.platform === "win32")(
  "a message that exceeds the limit of a file is 503; the stored ones stay",
  async () => {
    await using server = await TestServer.start({}, { maxFileKiB: 256 });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ text: "x".repeat(2000) });
    const post = () => server.fetch("/api/messages", { method: "POST", headers, body });
    let stored = 0;
    let response = await post();
    for (; response.status === 201; response = await post()) stored += 1;
    // Not 507: SQLite reports this limit as an I/O error, not as a full disk.
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ status: 503 });
    expect(stored).toBeGreaterThan(0);
    expect((await server.fetch("/readyz")).status).toBe(503);
    // Reads still work.
    expect((await server.fetch("/api/messages")).status).toBe(200);
    expect((await server.fetch("/healthz")).status).toBe(200);
    await server.stop("SIGKILL");
    await server.restart();
    const page = await (await server.fetch("/api/messages?limit=100")).json();
    expect(page).toMatchObject({ items: Array.from({ length: stored }, () => expect.anything()) });
  },
);

const canMount = process.platform === "linux" && process.getuid?.() === 0;

test.skipIf(!canMount)("a disk that has space again is ready again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-disk-"));
  const disk = join(folder, "disk");
  await mkdir(disk);
  const mount = await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk);
  if (mount !== 0) return console.warn("Mounting is not allowed: a full disk is not tested.");
  try {
    await using server = await TestServer.start({ DATA_DIR: disk });
    await server.post("before");
    const filler = join(disk, "filler");
    await Bun.write(filler, new Uint8Array(2 * 1024 * 1024)).catch(() => undefined);
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ text: "x".repeat(2000) });
    const post = () => server.fetch("/api/messages", { method: "POST", headers, body });
    let response = await post();
    while (response.status === 201) response = await post();
    expect(response.status).toBe(507);
    const ready = await server.fetch("/readyz");
    expect([ready.status, await ready.json()]).toEqual([503, { status: "unavailable" }]);
    expect((await server.fetch("/api/messages")).status).toBe(200);
    await rm(filler);
    while ((await server.fetch("/readyz")).status !== 200) await Bun.sleep(50);
    await server.post("after");
  } finally {
    await run("umount", disk);
    await rm(folder, { recursive: true, force: true });
  }
});

async function run(...command: string[]): Promise<number> {
  return await Bun.spawn(command, { stderr: "ignore" }).exited;
}

test.skipIf(process.platform === "win32")("a read that fails is 503 with Retry-After", async () => {
  await using server = await TestServer.start();
  const { id } = await server.post("lost");
  using db = new Database(join(server.dataDir, "messages.db"));
  db.run("DROP TABLE messages");
  for (const path of ["/api/messages", "/api/messages?from=end", `/api/messages/${id}`]) {
    const response = await server.fetch(path);
    expect([path, response.status]).toEqual([path, 503]);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  }
});

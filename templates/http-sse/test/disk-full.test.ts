// A full disk, by the size that the shell lets a file have: a problem, and nothing half written stays.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

test.skipIf(process.platform === "win32")(
  "an upload that the disk has no room for is a problem, and leaves nothing",
  async () => {
    await using server = await TestServer.start({}, { maxFileKiB: 512 });
    const body = new Uint8Array(2_000_000);
    const response = await server.fetch("/api/uploads?name=big", { method: "POST", body });
    expect(response.status).toBe(507);
    expect((await response.json()).status).toBe(507);
    const files = await readdir(join(server.dataDir, "uploads"), { recursive: true });
    expect(files.filter((name) => name.includes("content"))).toEqual([]);
    const small = await server.fetch("/api/uploads?name=small", { method: "POST", body: "small" });
    expect(small.status).toBe(201);
  },
);

test.skipIf(process.platform === "win32")(
  "a message that the disk has no room for is 503, and those before it stay",
  async () => {
    await using server = await TestServer.start({}, { maxFileKiB: 256 });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ text: "x".repeat(2000) });
    const post = () => server.fetch("/api/messages", { method: "POST", headers, body });
    let stored = 0;
    let response = await post();
    for (; response.status === 201; response = await post()) stored += 1;
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect((await response.json()).status).toBe(503);
    expect(stored).toBeGreaterThan(0);
    await server.stop("SIGKILL");
    await server.restart();
    const { items } = await (await server.fetch("/api/messages?limit=100")).json();
    expect(items).toHaveLength(stored);
  },
);

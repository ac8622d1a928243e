// A full disk: an upload is 507 and leaves nothing incomplete behind.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";

test.skipIf(process.platform === "win32")(
  "an upload that exceeds the free space is 507, and leaves nothing",
  async () => {
    await using server = await TestServer.start({}, { maxFileKiB: 512 });
    const body = new Uint8Array(2_000_000);
    const response = await server.fetch("/api/uploads?name=big", { method: "POST", body });
    expect(response.status).toBe(507);
    expect(await response.json()).toMatchObject({ status: 507 });
    const files = await readdir(join(server.dataDir, "uploads"), { recursive: true });
    expect(files.filter((name) => name.includes("content"))).toEqual([]);
    const small = await server.fetch("/api/uploads?name=small", { method: "POST", body: "small" });
    expect(small.status).toBe(201);
  },
);

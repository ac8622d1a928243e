// A start that fails prints one message with a hint on stderr, and exits with code 1.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestServer } from "./server.ts";

async function start(env: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-"));
  try {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "../src/main.ts")], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", PORT: "0", ...env },
      stdout: "ignore",
      stderr: "pipe",
    });
    return { error: await new Response(child.stderr).text(), code: await child.exited };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// #region redis
test("Redis that cannot be reached is named, without its password", async () => {
  const { error, code } = await start({ REDIS_URL: "redis://:secret@127.0.0.1:1" });
  expect(error).toMatch(/^Can't use Redis at 127\.0\.0\.1:1 \(.+\)\.\n.*REDIS_URL.*\n$/);
  expect(error).not.toContain("secret");
  expect(code).toBe(1);
});
// #endregion

test("a folder that cannot be written is named", async () => {
  const file = join(import.meta.dir, "start.test.ts");
  const { error, code } = await start({ DATA_DIR: file });
  expect(error).toMatch(/^Can't store data in .*start\.test\.ts \(.+\)\.\n.*DATA_DIR.*\n$/);
  expect(code).toBe(1);
});

test("messages of a newer release are refused, with what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-newer-"));
  try {
    const file = join(folder, "messages.db");
    {
      using db = new Database(file);
      db.run("PRAGMA user_version = 99");
    }
    const { error, code } = await start({ DATA_DIR: folder });
    expect(error).toStartWith(`${file} was written by a newer release (version 99; `);
    expect(error).toEndWith("\nStart the newer release, or set DATA_DIR to another folder.\n");
    expect(code).toBe(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a folder that another process uses is refused, until that process is killed", async () => {
  await using server = await TestServer.start();
  await server.post("kept");
  const { error, code } = await start({ DATA_DIR: server.dataDir });
  expect(error).toBe(
    `Another process uses ${join(server.dataDir, "messages.db")}.\nStop that process first, or set DATA_DIR to another folder.\n`,
  );
  expect(code).toBe(1);
  // Other programs can still read the messages.
  {
    using db = new Database(join(server.dataDir, "messages.db"), { readonly: true });
    expect(db.query("SELECT count(*) AS count FROM messages").get()).toEqual({ count: 1 });
  }
  await server.stop("SIGKILL");
  await server.restart();
});

test("a port that is taken is reported", async () => {
  using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { error, code } = await start({ PORT: `${other.port}` });
  expect(error).toBe(
    `Can't listen on 127.0.0.1:${other.port} (EADDRINUSE).\nSet HOST and PORT to a free address.\n`,
  );
  expect(code).toBe(1);
});

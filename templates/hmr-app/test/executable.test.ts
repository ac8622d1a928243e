// `bun run compile`: the executable needs no other file, and loads none from its working directory.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Copy } from "./copy.ts";
import { send } from "./raw.ts";
import { startService, until } from "./service.ts";

const name = process.platform === "win32" ? "app.exe" : "app";
const EARLIER = "script-of-an-earlier-build.js";
let copy: Copy;
let folder: string;

beforeAll(async () => {
  copy = await Copy.make();
  folder = await mkdtemp(join(tmpdir(), "hmr-app-empty-"));
  // Like a file of an earlier build.
  await copy.write(`dist/public/${EARLIER}`, `${EARLIER}();`);
  const failing = 'new Hono().get("/api/fail", () => { throw new Error("planted"); })';
  await copy.edit("src/features/counter/routes.ts", "new Hono()", failing);
  // The sources may be behind a link.
  await rename(join(copy.folder, "src"), join(copy.folder, "real-src"));
  await symlink(join(copy.folder, "real-src"), join(copy.folder, "src"), "junction");
  const command = [process.execPath, "--no-orphans", "run", "--silent", "compile"];
  const env = { PATH: process.env.PATH ?? "" };
  const child = Bun.spawn(command, { cwd: copy.folder, env, stdout: "ignore", stderr: "pipe" });
  expect(await new Response(child.stderr).text()).toBe("");
  expect(await child.exited).toBe(0);
  await cp(join(copy.folder, "dist", name), join(folder, name));
  await rm(join(copy.folder, "dist"), { recursive: true });
});

afterAll(async () => {
  await copy?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("the executable serves the page and all of its files from an empty folder", async () => {
  await using service = await startService([join(folder, name)], folder, { PATH: "" });
  const page = await send(service.url, "/");
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
  expect(assets.length).toBeGreaterThan(1);
  for (const path of assets) {
    const { status, headers } = await send(service.url, path, { "accept-encoding": "br" });
    expect([path, status]).toEqual([path, 200]);
    if (/\.(js|css)$/.test(path)) expect(headers.get("content-encoding")).toBe("br");
  }
  expect((await send(service.url, `/${EARLIER}`)).status).toBe(404);
  expect((await send(service.url, "/api/state")).body).toContain('"count":0');
  expect(await readdir(folder)).toEqual([name]);
});

/** Compiles with a small disk at dist/, and prints the start of the executable and the names of all files there. */
const FULL_DISK = `mount -t tmpfs -o size=16m tmpfs dist && echo earlier > dist/app
NODE_ENV=production "$0" compile.ts; head -c 8 dist/app; ls -A dist`;
const UNSHARE = ["unshare", "--map-root-user", "--mount"];
const canMount = Bun.which("unshare") && Bun.spawnSync([...UNSHARE, "true"]).success;

test.if(Boolean(canMount))("a full disk keeps the executable of an earlier build", async () => {
  await mkdir(join(copy.folder, "dist"));
  const command = [...UNSHARE, "sh", "-c", FULL_DISK, process.execPath];
  const { stdout, stderr } = Bun.spawnSync(command, { cwd: copy.folder });
  expect(stderr.toString()).toContain("ENOSPC");
  expect(stdout.toString()).toBe("earlier\napp\n");
});

test("the stack of an error names the source", async () => {
  await using service = await startService([join(folder, name)], folder, { PATH: "" });
  expect((await send(service.url, "/api/fail")).status).toBe(500);
  await until("it is logged", () => service.printed().includes("planted"));
  expect(service.printed()).toContain("src/features/counter/routes.ts:");
});

test("the executable loads neither code nor variables from its working directory", async () => {
  const planted = {
    "bunfig.toml": 'preload = ["./planted.ts"]\n',
    "planted.ts": 'console.log("planted code");\n',
    ".env": "LOG_LEVEL=not-a-level\n",
    ".env.development": "LOG_LEVEL=not-a-level\n",
    "tsconfig.json": "{ not JSON",
    "package.json": "{ not JSON",
  };
  for (const [file, text] of Object.entries(planted)) await Bun.write(join(folder, file), text);
  await using service = await startService([join(folder, name)], folder, { PATH: "" });
  expect((await send(service.url, "/healthz")).status).toBe(200);
  expect(service.printed()).not.toContain("planted");
});

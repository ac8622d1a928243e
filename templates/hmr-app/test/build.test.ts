// `bun run build`: a server of dist/ keeps working, and the build uses the right variables.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, symlink, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Copy } from "./copy.ts";
import { startService } from "./service.ts";

const APP = "src/page/main.tsx";
const RECORD = "dist/public-files.json";
/** A page without React, which builds faster. It is long enough to be compressed. */
const app = `document.body.append("Before any edit.", "${" ".repeat(1000)}");\n`;
let copy: Copy;

beforeAll(async () => {
  copy = await Copy.make();
});

beforeEach(() => copy.write(APP, app));
afterAll(() => copy?.[Symbol.asyncDispose]());

function startBuild(): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  return Bun.spawn([process.execPath, "--no-orphans", "run", "--silent", "build"], {
    cwd: copy.folder,
    env: { PATH: process.env.PATH ?? "" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function build(): Promise<number> {
  const child = startBuild();
  await new Response(child.stderr).text();
  return child.exited;
}

/** Names and contents of the files below dist/. */
async function dist(): Promise<Readonly<Record<string, string>>> {
  const folder = join(copy.folder, "dist");
  const options = { cwd: folder, followSymlinks: true };
  const files = (await Array.fromAsync(new Bun.Glob("**/*").scan(options))).toSorted();
  const hash = async (file: string) => Bun.hash(await Bun.file(join(folder, file)).bytes());
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, String(await hash(file))] as const)),
  );
}

const script = (files: Readonly<Record<string, string>>) =>
  Object.keys(files).find((file) => /index-\w+\.js$/.test(file)) ?? "";

test("the page has the variables of .env.production, and not those of .env.development", async () => {
  await copy.edit(APP, '"Before any edit."', "process.env.PUBLIC_NOTE");
  await copy.write(".env.development", "PUBLIC_NOTE=of-development\n");
  await copy.write(".env.production", "PUBLIC_NOTE=of-production\n");
  expect(await build()).toBe(0);
  const text = await copy.read(`dist/${script(await dist())}`);
  expect(text).toContain("of-production");
  expect(text).not.toContain("of-development");
});

test("a build that may have read .env.development is refused", async () => {
  const before = await dist();
  const child = Bun.spawn([process.execPath, "build.ts"], {
    cwd: copy.folder,
    env: { PATH: process.env.PATH ?? "" },
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await new Response(child.stderr).text()).toContain("use `bun run build`");
  expect(await child.exited).toBe(1);
  expect(await dist()).toEqual(before);
});

test("a build that fails changes nothing", async () => {
  const before = await dist();
  await copy.write(APP, `${app}\nexport const x = (`);
  expect(await build()).toBe(1);
  expect(await dist()).toEqual(before);
});

test("a build that is killed leaves a page with all of its files", async () => {
  const before = await dist();
  for (const ms of [40, 80, 160]) {
    const child = startBuild();
    await Bun.sleep(ms);
    child.kill("SIGKILL");
    await child.exited;
    const after = await dist();
    // A build replaces the page, the server and the record.
    const replaced = /^(public\/index\.html|main\.js.*|public-files\.json)$/;
    for (const [file, content] of Object.entries(before)) {
      if (!replaced.test(file)) expect([file, after[file]]).toEqual([file, content]);
    }
    const page = await copy.read("dist/public/index.html");
    const record = Object.keys(JSON.parse(await copy.read(RECORD)));
    for (const [, path = ""] of page.matchAll(/(?:src|href)="\/([^"]+)"/g)) {
      expect(Object.keys(after)).toContain(`public/${path}`);
      expect(record).toContain(path);
    }
  }
  expect(await build()).toBe(0);
});

test("files of an earlier build are kept for a week, and other files are not removed", async () => {
  expect(await build()).toBe(0);
  const old = script(await dist());
  await copy.write(APP, app.replace("Before any edit.", "Another page."));
  expect(await build()).toBe(0);
  expect(Object.keys(await dist())).toContain(old);
  // A killed build leaves the second and the third one.
  const outdated = [old, ".staging-a1B2c3/main.js", "public/.staging-a1B2c3/index.html"];
  const ofUser = ["public/robots.txt", "public/user-handbook.pdf", "v1.2/notes.txt"];
  for (const file of [...outdated.slice(1), ...ofUser]) await copy.write(`dist/${file}`, "");
  await ageBy8Days();
  expect(await build()).toBe(0);
  const exists = (file: string) => existsSync(join(copy.folder, "dist", file));
  expect([...outdated, ...ofUser].filter(exists)).toEqual(ofUser);
});

/** Edits the page and kills its build at a line of build.ts. */
async function buildUntil(line: string, text: string): Promise<void> {
  const source = await copy.read("build.ts");
  await copy.edit("build.ts", line, `process.kill(process.pid, "SIGKILL");\n${line}`);
  await copy.write(APP, app.replace("Before any edit.", text));
  expect(await build()).not.toBe(0);
  await copy.write("build.ts", source);
}

test("files of a build that was killed while it published are removed later, and not those of its page", async () => {
  await rm(join(copy.folder, "dist"), { recursive: true, force: true });
  expect(await build()).toBe(0);
  const served = script(await dist());
  await buildUntil("for (const name of await readdir(server))", "A killed build.");
  const killed = Object.keys(await dist()).find(
    (file) => /index-\w+\.js$/.test(file) && file !== served,
  );
  await ageBy8Days();
  await copy.write(APP, app.replace("Before any edit.", "After a killed build."));
  expect(await build()).toBe(0);
  // Replaced by this build, because the killed one did not replace the page.
  expect(Object.keys(await dist())).toContain(served);
  await ageBy8Days();
  expect(await build()).toBe(0);
  const left = Object.keys(await dist());
  for (const file of [served, killed]) expect(left).not.toContain(file);
});

test("files that a killed build did not remove any more are removed later", async () => {
  await rm(join(copy.folder, "dist"), { recursive: true, force: true });
  expect(await build()).toBe(0);
  const old = script(await dist());
  await copy.write(APP, app.replace("Before any edit.", "Another page."));
  expect(await build()).toBe(0);
  await ageBy8Days();
  await buildUntil("await removeOldFiles(expired);", "A killed build.");
  expect(Object.keys(await dist())).toContain(old);
  expect(await build()).toBe(0);
  expect(Object.keys(await dist())).not.toContain(old);
});

/** Changes the times of all files in dist/, and those in the record. */
async function ageBy8Days(): Promise<void> {
  const ms = 8 * 24 * 60 * 60 * 1000;
  const folder = join(copy.folder, "dist");
  for (const path of await readdir(folder, { recursive: true })) {
    await utimes(join(folder, path), (Date.now() - ms) / 1000, (Date.now() - ms) / 1000);
  }
  const record: Record<string, number | null> = JSON.parse(await copy.read(RECORD));
  for (const [name, replacedAt] of Object.entries(record))
    record[name] = replacedAt && replacedAt - ms;
  await copy.write(RECORD, JSON.stringify(record));
}

test("the week of a file starts when it is replaced, and not when it was built", async () => {
  // Without the record, the files of the previous build count as those of the user.
  for (const hasRecord of [true, false]) {
    await rm(join(copy.folder, "dist"), { recursive: true, force: true });
    expect(await build()).toBe(0);
    const before = await dist();
    await ageBy8Days();
    if (!hasRecord) await rm(join(copy.folder, RECORD));
    await copy.write(APP, app.replace("Before any edit.", `A page after 8 days: ${hasRecord}.`));
    expect(await build()).toBe(0);
    const after = await dist();
    expect(script(after)).not.toBe("");
    for (const file of Object.keys(before)) expect(Object.keys(after)).toContain(file);
  }
});

test("the server keeps files of an earlier build on the disk, and serves them", async () => {
  await rm(join(copy.folder, "dist"), { recursive: true, force: true });
  expect(await build()).toBe(0);
  const old = script(await dist());
  await copy.write(APP, app.replace("Before any edit.", "A later build."));
  expect(await build()).toBe(0);
  await copy.write("dist/public/user-handbook.pdf", "%PDF");
  const server = [process.execPath, "dist/main.js"];
  await using service = await startService(server, copy.folder, { NODE_ENV: "production" });
  const request = (file: string, headers = {}) =>
    fetch(`${service.url}/${file.replace("public/", "")}`, { headers });
  const text = await copy.read(`dist/${old}`);
  await Bun.write(join(copy.folder, "dist", old), text.toUpperCase());
  const identity = { "accept-encoding": "identity" };
  const response = await request(old, identity);
  expect(response.headers.get("cache-control")).toContain("immutable");
  expect(await response.text()).toBe(text.toUpperCase());
  expect((await request(old)).headers.get("content-encoding")).toBe("br");
  const part = await request(old, { range: "bytes=2-5" });
  expect([part.status, await part.text()]).toEqual([206, text.toUpperCase().slice(2, 6)]);
  await rm(join(copy.folder, "dist", old));
  expect((await request(old)).status).toBe(404);
  // Its name looks like one with a hash.
  const handbook = await request("user-handbook.pdf");
  expect(handbook.headers.get("cache-control")).toBe("no-cache");
});

/** A file system in memory, which Linux has. */
const MEMORY = "/dev/shm";

test.if(existsSync(MEMORY))("dist/public/ may be on another file system", async () => {
  const other = await mkdtemp(`${MEMORY}/hmr-app-`);
  try {
    const folder = join(copy.folder, "dist/public");
    await rename(folder, `${folder}.old`);
    await symlink(other, folder);
    expect(await build()).toBe(0);
    expect(await readdir(other)).toContain("index.html");
    expect((await readdir(other)).filter((name) => name.startsWith("."))).toEqual([]);
    await unlink(folder);
    await rename(`${folder}.old`, folder);
  } finally {
    await rm(other, { recursive: true });
  }
});

test("files in dist/public/ are served by any name; a folder, as a volume has, is kept and not served", async () => {
  const folder = join(copy.folder, "dist/public/lost+found");
  await mkdir(folder);
  await utimes(folder, 0, 0);
  await copy.write("dist/public/robots.txt", "User-agent: *");
  await copy.write("dist/public/100%.txt", "of the user");
  // A name that is a pattern in Hono, which a file cannot have on Windows.
  if (process.platform !== "win32") await copy.write("dist/public/:name", "a pattern");
  expect(await build()).toBe(0);
  expect(existsSync(folder)).toBe(true);
  const server = [process.execPath, "dist/main.js"];
  await using service = await startService(server, copy.folder, { NODE_ENV: "production" });
  expect((await fetch(service.url)).status).toBe(200);
  // Its name has no hash, so it may change.
  const robots = await fetch(`${service.url}/robots.txt`);
  expect(robots.headers.get("cache-control")).toBe("no-cache");
  expect(await robots.text()).toBe("User-agent: *");
  expect(await (await fetch(`${service.url}/100%25.txt`)).text()).toBe("of the user");
  expect((await fetch(`${service.url}/other`)).status).toBe(404);
});

test("a build replaces a record that was truncated", async () => {
  await copy.write("dist/public-files.json", '{"index.html":nu');
  expect(await build()).toBe(0);
  const server = [process.execPath, "dist/main.js"];
  await using service = await startService(server, copy.folder, { NODE_ENV: "production" });
  expect((await fetch(service.url)).status).toBe(200);
});

test("dist/ may be a link", async () => {
  const target = join(copy.folder, "other/place");
  await mkdir(target, { recursive: true });
  await rename(join(copy.folder, "dist"), join(copy.folder, "dist.old"));
  await symlink(target, join(copy.folder, "dist"));
  expect(await build()).toBe(0);
  expect(await readdir(target)).toContain("main.js");
  const server = [process.execPath, "dist/main.js"];
  await using linked = await startService(server, copy.folder, { NODE_ENV: "production" });
  expect((await fetch(linked.url)).status).toBe(200);
  // The same folder without the project.
  await using moved = await startService([process.execPath, "main.js"], target, {});
  expect((await fetch(moved.url)).status).toBe(200);
});

test("dist/ may not be a link to a missing folder", async () => {
  await unlink(join(copy.folder, "dist"));
  await symlink(join(copy.folder, "missing"), join(copy.folder, "dist"));
  const { exited, stderr } = startBuild();
  expect(await new Response(stderr).text()).toContain("or a link to one");
  expect(await exited).toBe(1);
});

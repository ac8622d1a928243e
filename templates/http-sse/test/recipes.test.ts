// The recipes of the README, followed step by step in a copy of this project.
import { expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestServer } from "./server.ts";

const ROOT = join(import.meta.dir, "..");
const COPIED = ["src", "test", "package.json", "tsconfig.json", "bunfig.toml", "README.md"];
const readme = await Bun.file(join(ROOT, "README.md")).text();

/** Follows the blocks of a recipe in a copy of the project, and calls `use` with its folder. */
async function follow(recipe: string, use?: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-recipe-"));
  try {
    for (const name of [...COPIED, ".env.example"]) {
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const { language, text } of blocks(recipe)) {
      if (language === "diff") await change(folder, text);
      else if (language === "sh") await runTests(folder, text);
      else await Bun.write(join(folder, /^\/\/ ([\w./-]+):/.exec(text)?.[1] ?? ""), text);
    }
    await run(folder, "run", "typecheck");
    await use?.(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The code blocks of a recipe, without the indentation of its list. */
function blocks(recipe: string): readonly { language: string; text: string }[] {
  const [, section = ""] = readme.split(`### ${recipe}\n`);
  const [body = ""] = section.split(/^##+ /m);
  const found = body.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```/gm);
  return [...found].map(([, indent = "", language = "", text = ""]) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** Inserts the added lines of a diff before the line that follows them. */
async function change(folder: string, diff: string): Promise<void> {
  const file = join(folder, /^\+\+\+ b\/(.*)$/m.exec(diff)?.[1] ?? "");
  let source = await Bun.file(file).text();
  for (const [, added = "", next = ""] of diff.matchAll(/^((?:\+(?!\+\+ ).*\n)+) (.*)$/gm)) {
    expect(source).toContain(next);
    source = source.replace(next, () => `${added.replaceAll(/^\+/gm, "")}${next}`);
  }
  await Bun.write(file, source);
}

/** Runs the tests of the last command; the type check follows, and a copy without Biome is not formatted. */
const runTests = (folder: string, commands: string) =>
  run(folder, "test", /bun test (\S+)/.exec(commands)?.[1] ?? "");

async function run(folder: string, ...args: readonly string[]): Promise<string> {
  return runWith(folder, {}, ...args);
}

async function runWith(
  folder: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<string> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { readableStreamToText } = Bun;
  const [stdout, stderr] = await Promise.all([
    readableStreamToText(child.stdout),
    readableStreamToText(child.stderr),
  ]);
  expect(await child.exited, stdout + stderr).toBe(0);
  return stdout;
}

test("add a route", () => follow("Add a route"));

test("add an event type", () => follow("Add an event type"));

// #region jobs
test("stream an LLM's tokens", () => follow("Stream an LLM's tokens"));

// #endregion
test("publish from another process", () =>
  follow("Publish from another process", async (folder) => {
    await using server = await TestServer.start();
    await runWith(folder, { API_URL: server.url }, "publish.ts", "news/local", "hello");
    const response = await server.fetch("/api/messages?topic=news/*");
    expect(await response.json()).toMatchObject({ items: [{ text: "hello" }] });
  }));

// #region auth
test("let your login issue the tokens", () =>
  follow("Let your login issue the tokens", async (folder) => {
    const AUTH_SECRET = "a secret of the tokens of 32 bytes";
    const token = await runWith(folder, { AUTH_SECRET }, "issue-token.ts", "ada");
    await using server = await TestServer.start({ AUTH_SECRET });
    const read = (authorization: string) =>
      server.fetch("/api/messages?topic=users/ada", { headers: { authorization } });
    expect((await read(`Bearer ${token}`)).status).toBe(200);
    expect((await read("Bearer forged")).status).toBe(401);
  }));
// #endregion

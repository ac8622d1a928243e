// The recipes of the README, followed step by step in a copy of this project.
import { expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
// #region auth
import { sign } from "hono/jwt";
import type { ReceivedEvent } from "../src/features/events/parse.ts";
// #endregion
import { TestServer } from "./server.ts";

const ROOT = join(import.meta.dir, "..");
const COPIED = [
  "src",
  "test",
  "package.json",
  "tsconfig.json",
  "bunfig.toml",
  "README.md",
  ".env.example",
];
const readme = await Bun.file(join(ROOT, "README.md")).text();

/** Follows the blocks of a recipe in a copy of the project, and calls `use` with its folder. */
async function follow(recipe: string, use?: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-recipe-"));
  try {
    for (const name of COPIED) {
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const { language, text } of blocks(recipe)) {
      if (language === "diff") await change(folder, text);
      else if (language === "sh") await runTests(folder, text);
      else await Bun.write(join(folder, /^\/\/ ([\w./-]+):/.exec(text)?.[1] ?? ""), text);
    }
    await run(folder, ["run", "typecheck"]);
    await run(folder, ["test", "test/env.test.ts", "-t", "every variable"]);
    // #region openapi
    await run(folder, ["test", "src/features/openapi"]);
    // #endregion
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
    // From the start of a line: the README also contains the line in the recipe itself, indented.
    const before = `\n${next}`;
    expect(source).toContain(before);
    source = source.replace(before, () => `\n${added.replaceAll(/^\+/gm, "")}${next}`);
  }
  await Bun.write(file, source);
}

/** Runs only the tests of the block: `follow` checks the types itself, and the copy has no biome.json. */
const runTests = (folder: string, commands: string) =>
  run(folder, ["test", /bun test (\S+)/.exec(commands)?.[1] ?? ""]);

async function run(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  exitCode = 0,
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
  expect(await child.exited, stdout + stderr).toBe(exitCode);
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
    const attempts: number[] = [];
    using proxy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        attempts.push(performance.now());
        const { pathname } = new URL(request.url);
        if (attempts.length > 2) return fetch(server.url + pathname, request);
        const status = attempts.length === 1 ? 503 : 429;
        return new Response("Later.", { status, headers: { "retry-after": "2" } });
      },
    });
    await run(folder, ["publish.ts", "news/local", "hello"], { API_URL: proxy.url.href });
    const response = await server.fetch("/api/messages?topic=news/*");
    expect(await response.json()).toMatchObject({ items: [{ text: "hello" }] });
    const [first = 0, second = 0, third = 0] = attempts;
    expect(Math.min(second - first, third - second)).toBeGreaterThan(1900);
  }));

// #region auth
test("let your login issue the tokens", () =>
  follow("Let your login issue the tokens", async (folder) => {
    const AUTH_SECRET = "a secret of the tokens of 32 bytes";
    const env = { AUTH_SECRET, AUTH_AUDIENCE: "api", AUTH_ISSUER: "login" };
    const token = await run(folder, ["issue-token.ts", "ada"], env);
    await using server = await TestServer.start(env);
    const read = (authorization: string) =>
      server.fetch("/api/messages?topic=users/ada", { headers: { authorization } });
    expect((await read(`Bearer ${token}`)).status).toBe(200);
    expect((await read("Bearer forged")).status).toBe(401);
    for (const user of ["*", "", "a/b", "auth0|1"]) {
      await run(folder, ["issue-token.ts", user], env, 1);
    }
    await run(folder, ["issue-token.ts", "ada"], { AUTH_SECRET: "" }, 1);

    // The client: its topic is quiet until its first token has expired, and then a request for a token fails.
    const { follow: followTopic } = await import(join(folder, "follow.ts"));
    const stop = new AbortController();
    const received: string[] = [];
    let loads = 0;
    let tokens = 0;
    const follower = {
      async fetchToken() {
        tokens += 1;
        if (tokens === 1) return shortToken(AUTH_SECRET);
        if (tokens === 2) throw new Error("The login is down.");
        const authorization = `Bearer ${token}`;
        if (tokens === 3) await server.post("in between", { authorization }, "users/ada");
        return token;
      },
      load: () => {
        loads += 1;
      },
      onEvent: ({ event, data }: ReceivedEvent) => {
        received.push(`${event}: ${JSON.parse(data).text}`);
        stop.abort();
      },
    };
    await followTopic(`${server.url}/api/events?topic=users/ada`, follower, stop.signal);
    expect(received).toEqual(["message: in between"]);
    expect([loads, tokens]).toEqual([1, 3]);
  }));

/** A token of two seconds. */
function shortToken(secret: string): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 2;
  return sign({ subscribe: ["users/ada"], exp, aud: "api", iss: "login" }, secret, "HS256");
}
// #endregion

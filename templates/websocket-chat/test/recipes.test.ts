// The recipes of the README, followed step by step in a copy of this project.
import { afterAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
// #region page
import { hasBrowser, Page } from "./page.ts";
// #endregion
import { ChatServer, until } from "./server.ts";
import { Socket } from "./socket.ts";

const ROOT = join(import.meta.dir, "..");
const readme = await Bun.file(join(ROOT, "README.md")).text();
const folders: string[] = [];
// #region page
afterAll(() => Page.closeAll());
// #endregion
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A copy of the project after the first `steps` blocks of the recipe. */
async function follow(recipe: string, steps = Number.POSITIVE_INFINITY): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "chat-recipe-"));
  folders.push(folder);
  for (const name of ["src", "test", "package.json", "tsconfig.json", "bunfig.toml", "README.md"]) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const [, section = ""] = readme.split(`### ${recipe}\n`);
  const [body = ""] = section.split(/^##+ /m);
  const blocks = [...body.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].slice(0, steps);
  for (const [, language, block = ""] of blocks) {
    if (language === "diff") await change(folder, block);
    else await Bun.write(join(folder, /^\S+ ([\w./-]+):/.exec(block)?.[1] ?? ""), block);
  }
  return folder;
}

/** Applies a diff whose hunks have no line numbers. */
async function change(folder: string, diff: string): Promise<void> {
  const [head = "", ...lines] = diff.trimEnd().split("\n");
  const file = join(folder, head.replace("+++ b/", ""));
  let text = await Bun.file(file).text();
  for (const hunk of lines.join("\n").split("\n@@\n")) {
    const side = (marks: string) =>
      hunk
        .split("\n")
        .filter((line) => marks.includes(line[0] ?? " "))
        .map((line) => line.slice(1))
        .join("\n");
    expect(text).toContain(side(" -"));
    text = text.replace(side(" -"), () => side(" +"));
  }
  await Bun.write(file, text);
}

const textOf = (stream: ReadableStream) => new Response(stream).text();

async function run(folder: string, ...command: string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  expect(await child.exited, output.join("\n")).toBe(0);
}

/** The files in which the type check finds errors. */
async function typeErrors(folder: string): Promise<string[]> {
  const child = Bun.spawn([process.execPath, "run", "--silent", "typecheck"], {
    cwd: folder,
    stdout: "pipe",
    stderr: "ignore",
  });
  const output = await textOf(child.stdout);
  return [...new Set([...output.matchAll(/^(src\/\S+)\(/gm)].map(([, file = ""]) => file))].sort();
}

/** The files in which the type check finds errors after the first step. */
const INCOMPLETE = {
  "Add a frame": [
    "src/features/chat/handlers.ts",
    // #region page
    "src/features/page/model.ts",
    // #endregion
  ],
  "Add an event kind": [
    "src/apply-event.ts",
    "src/features/chat/handlers.ts",
    // #region page
    "src/features/page/render-event.ts",
    // #endregion
  ],
};

test.each(Object.entries(INCOMPLETE))(
  "%s: after the schema, the type check names what is missing",
  async (recipe, files) => {
    expect(await typeErrors(await follow(recipe, 1))).toEqual(files);
  },
);

const start = (folder: string, env: Record<string, string> = {}) =>
  ChatServer.start(env, undefined, [], join(folder, "src/main.ts"));

test("add a frame", async () => {
  const folder = await follow("Add a frame");
  await run(folder, "run", "typecheck");
  await using server = await start(folder);
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  ada.raw('{"type":"wave","room":"general"}');
  const waves = () => (ada.frames as readonly unknown[]).filter((frame) => isWave(frame));
  await until(() => waves().length > 0, "the wave arrives");
  expect(waves()).toEqual([{ type: "wave", room: "general", from: ada.you }]);
  // #region page
  if (!hasBrowser) return;
  using page = await Page.signIn(server.url, "Bob");
  await page.shows("#members li");
  await page.click("#wave");
  await until(() => waves().length === 2, "the button sends a wave");
  // #endregion
});

const isWave = (frame: unknown) => (frame as { readonly type: string }).type === "wave";

test("add an event kind", async () => {
  const folder = await follow("Add an event kind");
  await run(folder, "run", "typecheck");
  await run(folder, "test", "test/property.test.ts", "-t", "embedded");
  await run(folder, "test", "test/chat.test.ts", "-t", "protocol version");
  await using server = await start(folder);
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  await ada.chat("general", "important");
  await ada.post({ type: "pin", room: "general", target: 1, on: false });
  // It changed nothing, so it was not stored.
  expect((await ada.join("general")).offset).toBe(1);
  await ada.post({ type: "pin", room: "general", target: 1, on: true });
  const { messages } = await ada.join("general");
  expect(messages as readonly unknown[]).toMatchObject([{ text: "important", pinned: true }]);
  // #region page
  if (!hasBrowser) return;
  using page = await Page.signIn(server.url, "Bob");
  await page.shows(".line.pinned");
  await page.click(".pin");
  await page.shows(".line:not(.pinned)");
  // #endregion
}, 600_000);

test("decide who may join", async () => {
  const folder = await follow("Decide who may join");
  await run(folder, "run", "typecheck");
  await using server = await start(folder);
  using ada = await Socket.open(server.url, "Ada");
  using eve = await Socket.open(server.url, "Eve");
  await ada.join("team-a");
  expect(await eve.ask({ type: "join", room: "team-a" })).toMatchObject({ code: "forbidden" });
  await eve.join("general");
});

test("log in with your own JWT", async () => {
  const folder = await follow("Log in with your own JWT");
  await run(folder, "run", "typecheck");
  const secret = "the secret of the tokens";
  await using server = await start(folder, { SESSION_SECRET: secret });
  const { sign } = await import("hono/jwt");
  const exp = Math.floor(Date.now() / 1000) + 60;
  const token = await sign({ sub: "42", name: "Ada", exp, jti: "a" }, secret, "HS256");
  using ada = await Socket.openAs(server.url, `token=${token}`);
  expect(ada.you).toEqual({ id: "42", name: "Ada" });
  const expired = await sign({ sub: "42", name: "Ada", exp: 1, jti: "b" }, secret, "HS256");
  const withoutId = await sign({ sub: "42", name: "Ada", exp }, secret, "HS256");
  for (const cookie of [`token=${expired}`, `token=${withoutId}`, `token=${token}x`, ""]) {
    const response = await fetch(`${server.url}/ws`, { headers: { cookie } });
    expect(response.status).toBe(401);
  }
});

/** Second, the Python of the system: only it has the modules that the packages of the system install. */
const python = ["python3", "/usr/bin/python3"].find(
  (program) =>
    Bun.which(program) !== null &&
    Bun.spawnSync([program, "-c", "import websocket"]).exitCode === 0,
);
if (!python) console.warn("Python has no websocket-client: the client in Python is not tested.");

/** @returns what it prints. */
function runClient(folder: string, url: string): Promise<string> {
  const command = [python ?? "", join(folder, "client.py"), url, "Python", "hello"];
  return textOf(Bun.spawn(command, { stdout: "pipe", stderr: "inherit" }).stdout);
}

test.skipIf(!python)("write a client in another language", async () => {
  const folder = await follow("Write a client in another language");
  await using server = await ChatServer.start();
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  await ada.chat("general", "before");
  expect(await runClient(folder, server.url)).toBe("Ada before\nPython hello\nok\n");
  expect(await ada.next("chat", ({ from }) => from.name === "Python")).toMatchObject({
    text: "hello",
  });
});

test.skipIf(!python)("the client in Python repeats a frame after a temporary error", async () => {
  const folder = await follow("Write a client in another language");
  const frames: string[] = [];
  const from = { id: "ada", name: "Ada" };
  const event = (offset: number, type: string, rest: object) => ({ type, offset, from, ...rest });
  const messages = [event(1, "chat", { text: "before" }), event(2, "edit", { text: "changed" })];
  const snapshot = { epoch: "e", offset: 2, recovered: true, messages };
  using server = Bun.serve({
    port: 0,
    fetch: (request, server) =>
      server.upgrade(request)
        ? undefined
        : new Response(null, { headers: { "set-cookie": "a=b; Path=/" } }),
    websocket: {
      message(socket, data) {
        const { type, ref } = JSON.parse(String(data));
        const error = { type: "error", code: "internal", message: "", retry: true };
        const reply = frames.includes(type) ? { type: "ok", ...snapshot } : error;
        frames.push(type);
        socket.send(JSON.stringify({ ...reply, ref }));
      },
    },
  });
  const output = await runClient(folder, `http://127.0.0.1:${server.port}`);
  expect(output).toBe("Ada before\nok\n");
  expect(frames).toEqual(["join", "join", "chat", "chat"]);
});

test.skipIf(!python)("the client in Python reconnects, until its session has ended", async () => {
  const folder = await follow("Write a client in another language");
  let handshakes = 0;
  using server = Bun.serve({
    port: 0,
    fetch: (request, server) => {
      if (!request.url.endsWith("/ws"))
        return new Response(null, { headers: { "set-cookie": "a=b; Path=/" } });
      handshakes += 1;
      if (handshakes > 1) return new Response(null, { status: 401 });
      return server.upgrade(request) ? undefined : new Response(null, { status: 400 });
    },
    websocket: { message: (socket) => socket.close(1012) },
  });
  expect(await runClient(folder, `http://127.0.0.1:${server.port}`)).toBe("");
  expect(handshakes).toBe(2);
});

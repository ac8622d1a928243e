// The recipes of websocket-chat's README: each is followed block by block in a created project, whose own tests must still pass.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { type Project, textOf } from "../contract/project.ts";
import { until } from "../contract/service.ts";
import { blocksOf, follow, followBlock } from "./recipe.ts";
import { formatsAndChecks, openStarter, run } from "./starter.ts";
import { browserTest } from "./tab.ts";

const { create, withoutFeatures } = await openStarter("websocket-chat");
afterAll(() => Bun.WebView.closeAll());

/** Like a user after a recipe: formats, checks, and runs the quick tests that the change can break. */
async function finish(project: Project, ...others: string[]): Promise<void> {
  const { directory } = project;
  // The code of a recipe is formatted already; only the README's tables may need it.
  await run(directory, "x", "biome", "check", "--error-on-warnings", "src", "test");
  await formatsAndChecks(project);
  const names = ["readme", "env", ...others];
  await run(directory, "test", ...names.map((name) => `test/${name}.test.ts`));
}

/** The server and the client for tests of the project. */
async function helpersOf({ directory }: Project) {
  const [{ ChatServer }, { Socket }] = await Promise.all(
    ["server.ts", "socket.ts"].map((file) => import(join(directory, "test", file))),
  );
  return { ChatServer, Socket };
}

/** The browser for tests of a project with the page. */
async function pageOf({ directory }: Project) {
  const { Page } = await import(join(directory, "test/page.ts"));
  return Page;
}

/** Documents a frame, as the README asks: in the row after the one for `previous`. */
async function addRow(project: Project, previous: string, row: string): Promise<void> {
  const start = new RegExp(`^\\| \`\\{type: "${previous}".*\\n`, "m");
  const readme = await textOf(project, "README.md");
  expect(readme).toMatch(start);
  const changed = readme.replace(start, (line) => `${line}${row}\n`);
  await Bun.write(join(project.directory, "README.md"), changed);
}

async function addWave(project: Project): Promise<void> {
  await follow(project, "Add a frame");
  const row = '| `{type: "wave", room}` | nothing; members get `{type: "wave", room, from}` |';
  await addRow(project, "leave", row);
}

async function addPin(project: Project): Promise<void> {
  await follow(project, "Add an event kind");
  const row =
    '| `{type: "pin", ref, room, target, on, key}` | the same `ok`; members get a `pin` |';
  await addRow(project, "chat", row);
  const readme = await textOf(project, "README.md");
  expect(readme).toContain("you, protocol: 1}");
  const changed = readme.replace("you, protocol: 1}", "you, protocol: 2}");
  await Bun.write(join(project.directory, "README.md"), changed);
}

/** The files of `src/` in which the type check finds errors. */
async function typeErrors({ directory }: Project): Promise<string[]> {
  const child = Bun.spawn([process.execPath, "run", "--silent", "typecheck"], {
    cwd: directory,
    stdout: "pipe",
    stderr: "ignore",
  });
  const output = await child.stdout.text();
  return [...new Set([...output.matchAll(/^(src\/\S+)\(/gm)].map(([, file = ""]) => file))].sort();
}

const INCOMPLETE = {
  "Add a frame": ["src/features/chat/handlers.ts", "src/features/page/model.ts"],
  "Add an event kind": [
    "src/apply-event.ts",
    "src/features/chat/handlers.ts",
    "src/features/page/render-event.ts",
  ],
};

describe.each([
  ["with every feature", []],
  ["without its features", withoutFeatures],
] as const)("a project %s", (title, options) => {
  const createFor = (recipe: string) =>
    create(`${recipe}-${title}`.replaceAll(/\W+/g, "-"), ...options);

  test.each(Object.entries(INCOMPLETE))(
    "%s: after the schema, the type check names what is missing",
    async (recipe, files) => {
      const project = await createFor(`incomplete-${recipe}`);
      for (const block of (await blocksOf(project, recipe)).slice(0, 1)) {
        await followBlock(project, block);
      }
      const hasPage = options.length === 0;
      const expected = files.filter((file) => hasPage || !file.includes("/page/"));
      expect(await typeErrors(project)).toEqual(expected);
    },
    COMMAND_TIMEOUT,
  );

  test(
    "Add a frame",
    async () => {
      const project = await createFor("frame");
      await addWave(project);
      await finish(project, "frames", "page-model");
      const { ChatServer, Socket } = await helpersOf(project);
      await using server = await ChatServer.start();
      using ada = await Socket.open(server.url, "Ada");
      await ada.join("general");
      ada.raw('{"type":"wave","room":"general"}');
      const wave = await ada.next("wave");
      expect(wave).toEqual({ type: "wave", room: "general", from: ada.you });
    },
    COMMAND_TIMEOUT,
  );

  test(
    "Add an event kind",
    async () => {
      const project = await createFor("event");
      await addPin(project);
      await finish(project, "chat", "frames", "events", "page-model");
      await run(project.directory, "test", "test/property.test.ts", "-t", "embedded");
      const { ChatServer, Socket } = await helpersOf(project);
      await using server = await ChatServer.start();
      using ada = await Socket.open(server.url, "Ada");
      await ada.join("general");
      await ada.chat("general", "important");
      await ada.post({ type: "pin", room: "general", target: 1, on: false });
      // It changed nothing, so it was not stored.
      expect((await ada.join("general")).offset).toBe(1);
      await ada.post({ type: "pin", room: "general", target: 1, on: true });
      const { messages } = await ada.join("general");
      expect(messages).toMatchObject([{ text: "important", pinned: true }]);
    },
    COMMAND_TIMEOUT,
  );
});

// The next two recipes change files in which no feature has lines, so that one project stands for all variants.

test(
  "Decide who may join",
  async () => {
    const project = await create("join");
    await follow(project, "Decide who may join");
    await finish(project, "access", "chat");
    const { ChatServer, Socket } = await helpersOf(project);
    await using server = await ChatServer.start();
    using ada = await Socket.open(server.url, "Ada");
    using eve = await Socket.open(server.url, "Eve");
    await ada.join("team-a");
    expect(await eve.ask({ type: "join", room: "team-a" })).toMatchObject({ code: "forbidden" });
    await eve.join("general");
  },
  COMMAND_TIMEOUT,
);

test(
  "Log in with your own JWT",
  async () => {
    const project = await create("jwt");
    await follow(project, "Log in with your own JWT");
    await finish(project);
    const secret = "the secret of the tokens";
    const { ChatServer, Socket } = await helpersOf(project);
    await using server = await ChatServer.start({ SESSION_SECRET: secret });
    const { sign } = await import(Bun.resolveSync("hono/jwt", project.directory));
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
    const rename = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: `token=${token}` },
      body: '{"name":"Admin"}',
    });
    expect(rename.status).toBe(405);
    expect(rename.headers.get("set-cookie")).toBeNull();
  },
  COMMAND_TIMEOUT,
);

browserTest("Add a frame: the button of the page sends it", async () => {
  const project = await create("frame-page");
  await addWave(project);
  const { ChatServer, Socket } = await helpersOf(project);
  const Page = await pageOf(project);
  await using server = await ChatServer.start();
  using ada = await Socket.open(server.url, "Ada");
  await ada.join("general");
  using page = await Page.signIn(server.url, "Bob");
  await page.shows("#members li");
  await page.click("#wave");
  expect(await ada.next("wave")).toMatchObject({ room: "general", from: { name: "Bob" } });
});

browserTest(
  "Add an event kind: the button of the page sends it, and the page shows it",
  async () => {
    const project = await create("event-page");
    await addPin(project);
    const { ChatServer, Socket } = await helpersOf(project);
    const Page = await pageOf(project);
    await using server = await ChatServer.start();
    using ada = await Socket.open(server.url, "Ada");
    await ada.join("general");
    await ada.chat("general", "important");
    await ada.post({ type: "pin", room: "general", target: 1, on: true });
    using page = await Page.signIn(server.url, "Bob");
    await page.shows(".line.pinned");
    await page.click(".pin");
    await page.shows(".line:not(.pinned)");
  },
);

/** Second, the Python of the system: only it has the modules that the packages of the system install. */
const python = ["python3", "/usr/bin/python3"].find(
  (program) =>
    Bun.which(program) !== null &&
    Bun.spawnSync([program, "-c", "import websocket"]).exitCode === 0,
);

describe.skipIf(!python)(
  `Write a client in another language${python ? "" : " (Python has no websocket-client)"}`,
  async () => {
    const project = await create("python");
    await follow(project, "Write a client in another language");

    /** @returns what the client prints. */
    function runClient(url: string): Promise<string> {
      const client = join(project.directory, "client.py");
      const command = [python ?? "", client, url, "Python", "hello"];
      return Bun.spawn(command, { stdout: "pipe", stderr: "inherit" }).stdout.text();
    }

    test(
      "it joins, prints the messages, and sends one",
      async () => {
        const { ChatServer, Socket } = await helpersOf(project);
        await using server = await ChatServer.start();
        using ada = await Socket.open(server.url, "Ada");
        await ada.join("general");
        await ada.chat("general", "before");
        expect(await runClient(server.url)).toBe("Ada before\nPython hello\nok\n");
        await until("the message arrives", () =>
          ada.all("chat").some(({ from, text }: { from: { name: string }; text: string }) => {
            return from.name === "Python" && text === "hello";
          }),
        );
      },
      COMMAND_TIMEOUT,
    );

    test("it repeats a frame after a temporary error", async () => {
      const frames: string[] = [];
      const from = { id: "ada", name: "Ada" };
      const event = (offset: number, type: string, rest: object) => ({
        type,
        offset,
        from,
        ...rest,
      });
      const messages = [
        event(1, "chat", { text: "before" }),
        event(2, "edit", { text: "changed" }),
      ];
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
      const output = await runClient(`http://127.0.0.1:${server.port}`);
      expect(output).toBe("Ada before\nok\n");
      expect(frames).toEqual(["join", "join", "chat", "chat"]);
    });

    test("it reconnects, until its session has ended", async () => {
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
      expect(await runClient(`http://127.0.0.1:${server.port}`)).toBe("");
      expect(handshakes).toBe(2);
    });
  },
);

// createHot: values survive an edit, and the old code is disposed of only after the new code serves.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Copy } from "./copy.ts";
import { type Service, startDev, startProduction, until } from "./service.ts";

const APP = "src/app.ts";
const PROBE = "src/features/probe.ts";
const ROUTES = "src/features/counter/routes.ts";
const SOCKET = "src/features/socket/routes.ts";
const probe = `import { Database } from "bun:sqlite";
import { appendFileSync } from "node:fs";
import { createHot } from "../hot.ts";

const VERSION = "one";
// Each evaluation of this module has a number; the first one serves until newer code does.
globalThis.evaluations = (globalThis.evaluations ?? 0) + 1;
const id = VERSION + " (" + globalThis.evaluations + ")";
const record = (event: string) => appendFileSync("events.txt", event + "\\n");
const { data, dispose } = createHot<{ kept: Database & Disposable; last: Disposable }>("probe");
data.kept ??= new Database(":memory:");
data.last ??= { [Symbol.dispose]: () => record("the value was disposed of") };
const { kept } = data;
kept.run("CREATE TABLE IF NOT EXISTS rows (n INTEGER)");

// Resources that each version of the code opens.
const database = new Database(":memory:");
record(id + " was opened");
dispose(() => {
  database.close();
  record(id + " was disposed of");
});

export function answer() {
  kept.run("INSERT INTO rows VALUES (1)");
  database.run("SELECT 1");
  return { version: VERSION, rows: kept.query("SELECT count(*) AS n FROM rows").get() };
}
`;
let copy: Copy;
let dev: Service;

async function copyWithProbe(): Promise<Copy> {
  const own = await Copy.make();
  await own.write(PROBE, probe);
  const routes = (await own.read(ROUTES)).replace(
    "new Hono()",
    'new Hono().get("/api/probe", (c) => c.json(answer()))',
  );
  await own.write(ROUTES, `import { answer } from "../probe.ts";\n${routes}`);
  return own;
}

beforeAll(async () => {
  copy = await copyWithProbe();
  dev = await startDev(copy.folder);
});

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

const ask = async () => (await fetch(`${dev.url}/api/probe`)).json();

async function events({ folder } = copy): Promise<readonly string[]> {
  const file = Bun.file(join(folder, "events.txt"));
  return (await file.exists()) ? (await file.text()).trim().split("\n") : [];
}

test("if a later module throws, the old code keeps what it has opened", async () => {
  expect(await ask()).toEqual({ version: "one", rows: { n: 1 } });
  const socket = await copy.read(SOCKET);
  await copy.write(SOCKET, `${socket}\nthrow new Error("fails at import");\n`);
  await until("the terminal shows it", () => dev.printed().includes("fails at import"));
  await copy.edit(PROBE, '"one"', '"two"');
  await until("it was evaluated again", async () => (await events()).join().includes("two ("));
  expect(await ask()).toEqual({ version: "one", rows: { n: 2 } });
  expect(await events()).not.toContain("one (1) was disposed of");
  await copy.write(SOCKET, socket);
  await until("the new code serves", async () => (await ask()).version === "two");
  await until("the old code is disposed of", async () =>
    (await events()).includes("one (1) was disposed of"),
  );
  expect((await ask()).rows.n).toBeGreaterThan(2);
});

test("when the process stops, the code and its values are disposed of", async () => {
  dev.child.kill("SIGTERM");
  await dev.child.exited;
  expect((await events()).slice(-2)).toEqual([
    expect.stringMatching(/^two \(\d+\) was disposed of$/),
    "the value was disposed of",
  ]);
});

test("when the process stops after a failed first start, the code and its values are disposed of", async () => {
  const socket = await copy.read(SOCKET);
  const before = (await events()).length;
  await copy.write(SOCKET, `${socket}\nconsole.log("listening on http://none");\nthrow 1;\n`);
  const failed = await startDev(copy.folder);
  await copy.write(SOCKET, socket);
  await failed[Symbol.asyncDispose]();
  expect(failed.child.exitCode).toBe(0);
  expect((await events()).slice(before)).toEqual([
    "two (1) was opened",
    "two (1) was disposed of",
    "the value was disposed of",
  ]);
});

test("a callback that fails keeps neither other callbacks nor values from being disposed of", async () => {
  const code = await copy.read(PROBE);
  const failing = ["one", "two"].map(
    (name) => `dispose(() => { throw new Error("${name} fails"); });`,
  );
  await copy.write(PROBE, `${code}\n${failing.join("\n")}\n`);
  await using failed = await startDev(copy.folder);
  const before = (await events()).length;
  await failed[Symbol.asyncDispose]();
  await copy.write(PROBE, code);
  expect((await events()).slice(before)).toEqual([
    "two (1) was disposed of",
    "the value was disposed of",
  ]);
  for (const name of ["one", "two"]) expect(failed.printed()).toContain(`${name} fails`);
});

const late = {
  "by a handler": 'hot.dispose(() => record("late"));',
  "by a module that a handler imports": 'await import("../late.ts");',
};

test.each(Object.entries(late))("a callback that is registered %s runs", async (_, register) => {
  await using own = await Copy.make();
  const record = 'export const record = (event) => appendFileSync("events.txt", event + " ");';
  await own.write("src/record.ts", `import { appendFileSync } from "node:fs";\n${record}\n`);
  const imports = `import { record } from "../../record.ts";
import { createHot } from "../../hot.ts";
const hot = createHot("late");\n`;
  await own.write(
    "src/features/late.ts",
    `${imports.replaceAll("../../", "../")}hot.dispose(() => record("late"));\n`,
  );
  const handler = `.get("/api/late", async (c) => { ${register} return c.json(VERSION); })`;
  const routes = await own.read(ROUTES);
  const save = (version: number) =>
    own.write(
      ROUTES,
      `${imports}const VERSION = ${version};\n${routes.replace("new Hono()", `new Hono()${handler}`)}`,
    );
  await save(1);
  await using service = await startDev(own.folder);
  const ask = async (path: string) => (await fetch(`${service.url}${path}`)).json();
  expect(await ask("/api/late")).toBe(1);
  const { version } = await ask("/api/state");
  await save(2);
  await until("the new code serves", async () => (await ask("/api/state")).version !== version);
  await until("the callback has run", async () => (await own.read("events.txt")) === "late ");
  expect(await ask("/api/late")).toBe(2);
  service.child.kill("SIGTERM");
  await service.child.exited;
  expect(await own.read("events.txt")).toBe("late late ");
});

test("when the first start fails, the code and its values are disposed of", async () => {
  const before = (await events()).length;
  await expect(startDev(copy.folder, { HOST: "192.0.2.1" })).rejects.toThrow("Can't listen");
  expect((await events()).slice(before)).toEqual([
    "two (1) was opened",
    "two (1) was disposed of",
    "the value was disposed of",
  ]);
});

const CREATED = "  const app = new Hono";
const NEVER = "await new Promise(() => undefined);";

test("code whose start never ends is disposed of after its fix", async () => {
  await using own = await copyWithProbe();
  await using service = await startDev(own.folder);
  const app = await own.read(APP);
  await own.write(APP, app.replace(CREATED, `${NEVER}\n${CREATED}`));
  await until("it starts", async () => (await events(own)).includes("one (2) was opened"));
  await own.write(APP, app);
  for (const id of ["one (1)", "one (2)"]) {
    await until(`${id} is disposed of`, async () =>
      (await events(own)).includes(`${id} was disposed of`),
    );
  }
  expect((await fetch(`${service.url}/api/probe`)).status).toBe(200);
});

test("when the process stops during a start, the code and its values are disposed of", async () => {
  await using own = await copyWithProbe();
  await own.edit(APP, CREATED, `console.log("listening on http://none");\n${NEVER}\n${CREATED}`);
  const starting = await startDev(own.folder);
  await starting[Symbol.asyncDispose]();
  expect(starting.child.exitCode).toBe(0);
  expect(await events(own)).toEqual([
    "one (1) was opened",
    "one (1) was disposed of",
    "the value was disposed of",
  ]);
});

/** The last callback runs first. */
const hanging = `${probe}\ndispose(() => new Promise(() => undefined));\n`;

test("a callback that hangs keeps neither other callbacks nor values from being disposed of", async () => {
  await using own = await copyWithProbe();
  await own.write(PROBE, hanging);
  await own.write("dist/public/index.html", "<!doctype html>");
  for (const start of [startDev, startProduction]) {
    await own.write("events.txt", "");
    const service = await start(own.folder);
    await service[Symbol.asyncDispose]();
    expect(await events(own)).toEqual([
      "one (1) was opened",
      "one (1) was disposed of",
      "the value was disposed of",
    ]);
    expect(service.child.exitCode).toBe(start === startDev ? 0 : 1);
  }
});

test("a callback that hangs in code that failed to load keeps no other callback from running", async () => {
  await using own = await copyWithProbe();
  await own.write(PROBE, `${hanging}\ndispose(() => { throw new Error("fails too"); });\n`);
  const socket = await own.read(SOCKET);
  await using service = await startDev(own.folder);
  await own.write(SOCKET, `${socket}\nthrow new Error("fails at import");\n`);
  await until("the terminal shows it", () => service.printed().includes("fails at import"));
  await own.write(SOCKET, socket);
  await until("it is disposed of", async () =>
    (await events(own)).includes("one (2) was disposed of"),
  );
  expect(service.printed()).toContain("fails too");
});

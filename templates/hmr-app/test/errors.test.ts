// Errors are shown with their location, disappear once they are fixed, and never require a restart.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { browserTest, counter, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, type State, startDev, until } from "./service.ts";

const APP = "src/page/App.tsx";
const ROUTES = "src/features/counter/routes.ts";
const SOCKET = "src/features/socket/routes.ts";
const TEXT = "Before any edit.";
let copy: Copy;
let dev: Service;
let app: string;

beforeAll(async () => {
  copy = await Copy.make();
  app = await copy.read(APP);
  dev = await startDev(copy.folder);
});

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

const state = async () => (await (await fetch(`${dev.url}/api/state`)).json()) as State;

/** Matches a location in the terminal's output. */
const locationIn = (file: string, line: number) => new RegExp(`${file}:${line}:\\d+`);

const lineOf = (text: string, search: string) =>
  text.slice(0, text.indexOf(search)).split("\n").length;

browserTest(
  "a component that does not build shows the overlay until it is fixed, and the page keeps its state",
  async () => {
    await using tab = await Tab.openDev(dev);
    await tab.click("#page-counter");
    await copy.write(APP, app.replace("<header>", "<header"));
    await tab.waitFor(overlay);
    const line = lineOf(app, "<header>") + 1;
    await tab.overlayShows(APP);
    await tab.overlayShows(`${line}<h1>`);
    await until("the terminal shows the location", () => locationIn(APP, line).test(dev.printed()));
    await copy.write(APP, app.replace(TEXT, "Fixed."));
    await tab.shows("Fixed.");
    await tab.waitFor(`!${overlay}`);
    expect(await tab.evaluate(counter("page-counter"))).toBe("1");
  },
);

browserTest("NODE_ENV=production does not affect development", async () => {
  await copy.write(".env", "NODE_ENV=production\n");
  await using other = await startDev(copy.folder, { NODE_ENV: "production" });
  await using tab = await Tab.open(other.url);
  await tab.click("#page-counter");
  await tab.waitFor(`${counter("page-counter")} === "1"`);
});

test("while the server does not parse, its last good version serves, and the terminal shows the location", async () => {
  const routes = await copy.read(ROUTES);
  const before = await state();
  await copy.write(ROUTES, routes.replace("state.count += 1", "state.count +="));
  const line = lineOf(routes, "state.count += 1");
  await until("the terminal shows the location", () =>
    locationIn(ROUTES, line).test(dev.printed()),
  );
  expect(await state()).toMatchObject({ version: before.version, count: before.count });
  await copy.write(ROUTES, routes.replace("state.count += 1", "state.count += 2"));
  await until("the new version serves", async () => (await state()).version !== before.version);
  const response = await fetch(`${dev.url}/api/increment`, { method: "POST" });
  expect(await response.json()).toMatchObject({ count: before.count + 2 });
  const { version } = await state();
  await copy.write(ROUTES, routes);
  await until("the original code serves", async () => (await state()).version !== version);
});

test("while the server throws when it is imported, its last good version serves, and its timer continues", async () => {
  const routes = await copy.read(ROUTES);
  const before = await state();
  await copy.write(ROUTES, `throw new Error("fails at import");\n${routes}`);
  await until("the terminal shows it", () => dev.printed().includes("fails at import"));
  await until("the timer continues", async () => (await state()).beats > before.beats + 1);
  expect(await state()).toMatchObject({ version: before.version, count: before.count });
  await copy.write(ROUTES, routes);
  await until("the new version serves", async () => (await state()).version !== before.version);
});

/** Files that are imported statically when the development server is evaluated. */
const files = [
  "src/env.ts",
  "src/dev/admission.ts",
  "src/hot.ts",
  "src/dev/server.ts",
  "src/dev/bundler.ts",
];
const failures = { throws: "throw new Error('fails');", "does not parse": "const = 1;" };

describe.each(files)("%s", (file) => {
  test.each(Object.entries(failures))(
    "while it %s, the last good version serves, and its timer continues",
    async (_, code) => {
      const source = await copy.read(file);
      const before = await state();
      const printed = dev.printed().length;
      await copy.write(file, `${code}\n${source}`);
      await until("the terminal shows the location", () =>
        new RegExp(`${file}:\\d+`).test(dev.printed().slice(printed)),
      );
      const { beats } = await state();
      await until("the timer continues", async () => (await state()).beats > beats + 1);
      expect(await state()).toMatchObject({ version: before.version, count: before.count });
      await copy.write(file, source);
      await until("the new version serves", async () => (await state()).version !== before.version);
    },
  );
});

test("while the server throws at start, its last good version serves, and its timer runs once", async () => {
  const live = await copy.read("src/features/socket/routes.ts");
  const before = await state();
  await copy.edit(
    "src/features/socket/routes.ts",
    "  return new",
    "  throw new Error('fails at start');\n  return new",
  );
  await until("the terminal shows it", () => dev.printed().includes("fails at start"));
  const { version, beats } = await state();
  expect(version).toBe(before.version);
  const startedAt = performance.now();
  await until("the timer continues", async () => (await state()).beats >= beats + 3);
  expect(performance.now() - startedAt).toBeGreaterThan(1900);
  await copy.write("src/features/socket/routes.ts", live);
  await until("the new version serves", async () => (await state()).version !== before.version);
});

/** Waits for the original code, and measures that its timer ticks once per second. */
async function expectOneTimer(version: string): Promise<void> {
  await until("the new version serves", async () => (await state()).version !== version);
  const { beats } = await state();
  const startedAt = performance.now();
  await until("the timer continues", async () => (await state()).beats >= beats + 3);
  expect(performance.now() - startedAt).toBeGreaterThan(1900);
}

test.each([
  ["idleTimeout: 2000", "expects idleTimeout"],
  ["maxPayloadLength: NaN", "expects maxPayloadLength"],
])(
  "the last good version is replaced by the fix of an edit with an invalid %s",
  async (option, message) => {
    const socket = await copy.read(SOCKET);
    const { version } = await state();
    await copy.edit(SOCKET, "maxPayloadLength: 1024", option);
    await until("the terminal shows it", () => dev.printed().includes(message));
    expect((await state()).version).toBe(version);
    await copy.write(SOCKET, socket);
    await expectOneTimer(version);
  },
);

const NEVER = "await new Promise(() => {});";
test.each([
  ["createApp", "src/app.ts", "  const app = new Hono"],
  ["an import", "src/features/socket/routes.ts", "const BEAT_MS"],
])("an edit after which %s never returns does not block its fix", async (_, file, search) => {
  const source = await copy.read(file);
  const { version } = await state();
  const printed = dev.printed().length;
  await copy.edit(file, search, `${NEVER}\n${search}`);
  await until("the terminal shows it", () =>
    dev.printed().slice(printed).includes("still starting"),
  );
  expect((await state()).version).toBe(version);
  await copy.write(file, source);
  await expectOneTimer(version);
});

test("a first start that never ends does not block its fix", async () => {
  await using hanging = await Copy.make();
  const source = await hanging.read(ROUTES);
  await hanging.write(ROUTES, `await Bun.write("started.txt", "");\n${NEVER}\n${source}`);
  const starting = startDev(hanging.folder);
  await until("it starts", () => Bun.file(`${hanging.folder}/started.txt`).exists());
  await hanging.write(ROUTES, source);
  await using fixed = await starting;
  expect((await fetch(`${fixed.url}/api/state`)).status).toBe(200);
});

test("a slow start that a later edit has replaced does not serve", async () => {
  const source = await copy.read(ROUTES);
  const printed = dev.printed().length;
  const slow = 'await Bun.sleep(5000);\nconsole.log("slow start ended");';
  await copy.write(ROUTES, source.replace("export", `${slow}\nexport`));
  await until("the terminal shows it", () =>
    dev.printed().slice(printed).includes("still starting"),
  );
  const { version } = await state();
  await copy.write(ROUTES, source.replace("state.count += 1", "state.count += 3"));
  await until("the new version serves", async () => (await state()).version !== version);
  await until("the slow start has ended", () =>
    dev.printed().slice(printed).includes("slow start ended"),
  );
  await Bun.sleep(500);
  const { count } = await state();
  const response = await fetch(`${dev.url}/api/increment`, { method: "POST" });
  expect((await response.json()).count).toBe(count + 3);
});

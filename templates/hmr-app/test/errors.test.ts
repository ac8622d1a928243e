// Errors are shown with their location, disappear once they are fixed, and never require a restart.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir, realpath, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../src/shared/state.ts";
import { browserTest, counter, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev, startService, until } from "./service.ts";

const APP = "src/page/App.tsx";
const STYLE = "src/page/style.css";
const ROUTES = "src/features/counter/routes.ts";
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

/** A location as the terminal shows it. */
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

browserTest("a component that throws shows the overlay until it is fixed", async () => {
  await using tab = await Tab.openDev(dev);
  await tab.click("#page-counter");
  const throwing = app.replace(
    "  return (",
    '  if (live.state) throw new Error("thrown here");\n  return (',
  );
  const line = lineOf(throwing, "thrown here");
  await copy.write(APP, throwing);
  await tab.overlayShows(`at App in ${APP}:${line}:`);
  await tab.overlayShows('thrownewError("thrown here");');
  await until("the terminal shows the location", () => locationIn(APP, line).test(dev.printed()));
  await copy.write(APP, app.replace(TEXT, "Fixed again."));
  await tab.shows("Fixed again.");
  await tab.waitFor(`!${overlay}`);

  await copy.write(APP, throwing);
  await tab.waitFor(overlay);
  await tab.view.reload();
  await tab.overlayShows(`at App in ${APP}:${line}:`);
  await copy.write(APP, app);
  await tab.shows(TEXT);
  await tab.waitFor(`!${overlay}`);
});

browserTest("a style that does not build shows the overlay until it is fixed", async () => {
  await using tab = await Tab.openDev(dev);
  const style = await copy.read(STYLE);
  await copy.write(STYLE, `@import "./missing.css";\n${style}`);
  await tab.overlayShows(STYLE);
  await tab.overlayShows("./missing.css");
  await copy.write(STYLE, `${style}\nh1 { outline: 3px solid rgb(1, 2, 3); }\n`);
  await tab.waitFor(`!${overlay}`);
  await tab.waitFor(
    'getComputedStyle(document.querySelector("h1")).outlineColor === "rgb(1, 2, 3)"',
  );
});

browserTest(
  "a page that is opened while it does not build appears once the error is fixed, every time",
  async () => {
    await using tab = await Tab.open("about:blank");
    for (let round = 0; round < 5; round += 1) {
      await copy.write(APP, app.replace("<header>", "<header"));
      await until("the build fails", async () => (await fetch(dev.url)).status === 500);
      await tab.view.navigate(dev.url);
      await copy.write(APP, app.replace(TEXT, `Round ${round}.`));
      await tab.shows(`Round ${round}.`);
    }
  },
);

browserTest("an edit while the page loads is not missed", async () => {
  await using tab = await Tab.open("about:blank");
  for (let round = 0; round < 3; round += 1) {
    const loading = tab.view.navigate(dev.url);
    await copy.write(APP, app.replace(TEXT, `Saved early, ${round}.`));
    await loading;
    await tab.shows(`Saved early, ${round}.`);
    await copy.write(APP, app);
    await tab.shows(TEXT);
  }
});

browserTest("a package that is imported before it is installed appears once it is", async () => {
  await using own = await Copy.make();
  const packages = join(own.folder, "node_modules");
  const installed = await realpath(packages);
  await unlink(packages);
  await mkdir(packages);
  for (const name of await readdir(installed)) {
    await symlink(join(installed, name), join(packages, name), "junction");
  }
  await using service = await startDev(own.folder);
  await using tab = await Tab.openDev(service);
  const importing = app.replace(TEXT, "{late}");
  await own.write(APP, `import { late } from "late";\n${importing}`);
  await tab.overlayShows("late");
  await own.write("node_modules/late/index.js", 'export const late = "Installed late.";\n');
  await tab.shows("Installed late.");
  await tab.waitFor(`!${overlay}`);
});

browserTest(
  "a killed bundler is started again, and it exits when the server is killed",
  async () => {
    await using own = await Copy.make();
    const probe = `new Hono().get("/api/probe", (c) => {
      const { child, socket } = (hotData?.get("bundler") as any).process;
      return c.json({ server: process.pid, bundler: child.pid, socket });
    })`;
    await own.edit(ROUTES, "new Hono()", probe);
    // Not by startDev, whose command kills the descendants itself.
    const command = [process.execPath, "run", "--silent", "dev"];
    await using service = await startService(command, own.folder, { LOG_LEVEL: "warn" });
    const ask = async () => (await fetch(`${service.url}/api/probe`)).json();
    await using tab = await Tab.openDev(service);
    await tab.evaluate("window.mark = 1");
    const before = await ask();
    process.kill(before.bundler, "SIGKILL");
    await tab.waitFor("window.mark === undefined");
    await own.write(APP, app.replace(TEXT, "Built again."));
    await tab.shows("Built again.");
    const after = await ask();
    expect(after.server).toBe(before.server);
    process.kill(after.server, "SIGKILL");
    await until("the bundler has exited", () =>
      fetch("http://localhost/", { unix: after.socket }).then(
        () => false,
        () => true,
      ),
    );
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

test("while the server throws when it is imported, its last good version serves", async () => {
  const routes = await copy.read(ROUTES);
  const before = await state();
  await copy.write(ROUTES, `throw new Error("fails at import");\n${routes}`);
  await until("the terminal shows it", () => dev.printed().includes("fails at import"));
  expect(await state()).toMatchObject({ version: before.version, count: before.count });
  await copy.write(ROUTES, routes);
  await until("the new version serves", async () => (await state()).version !== before.version);
});

test("while the server throws at start, its last good version serves, and its timer runs once", async () => {
  const live = await copy.read("src/features/live/routes.ts");
  const before = await state();
  await copy.edit(
    "src/features/live/routes.ts",
    "  return new",
    "  throw new Error('fails at start');\n  return new",
  );
  await until("the terminal shows it", () => dev.printed().includes("fails at start"));
  const { version, beats } = await state();
  expect(version).toBe(before.version);
  const startedAt = performance.now();
  await until("the timer continues", async () => (await state()).beats >= beats + 3);
  expect(performance.now() - startedAt).toBeGreaterThan(1900);
  await copy.write("src/features/live/routes.ts", live);
  await until("the new version serves", async () => (await state()).version !== before.version);
});

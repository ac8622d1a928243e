// Mistakes: shown with their place, gone when they are mended, and nothing needs a restart.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir, realpath, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../src/shared/state.ts";
import { browserTest, counter, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev, startService, TIMEOUT, until } from "./service.ts";

const HOME = "src/page/Home.tsx";
const API = "src/server/api.ts";
let copy: Copy;
let dev: Service;
let home: string;

beforeAll(async () => {
  copy = await Copy.make();
  home = await copy.read(HOME);
  dev = await startDev(copy.folder);
}, TIMEOUT);

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

const state = async () => (await (await fetch(`${dev.url}/api/state`)).json()) as State;

/** A place as the terminal shows it. */
const placeOf = (file: string, line: number) => new RegExp(`${file}:${line}:\\d+`);

const lineOf = (text: string, piece: string) =>
  text.slice(0, text.indexOf(piece)).split("\n").length;

browserTest(
  "a component that does not build",
  async () => {
    await using tab = await Tab.follow(dev);
    await tab.click("#page-counter");
    await copy.write(HOME, home.replace("<header>", "<header"));
    await tab.sees(overlay);
    const line = lineOf(home, "<header>") + 1;
    await tab.overlaySays(HOME);
    await tab.overlaySays(`${line}<h1>`);
    await until("the terminal says where", () => placeOf(HOME, line).test(dev.printed()));
    await copy.write(HOME, home.replace("Nothing is lost.", "Mended."));
    await tab.shows("Mended.");
    await tab.sees(`!${overlay}`);
    expect(await tab.evaluate(counter("page-counter"))).toBe("1");
  },
  TIMEOUT,
);

browserTest(
  "a component that throws",
  async () => {
    await using tab = await Tab.follow(dev);
    await tab.click("#page-counter");
    const thrower = home.replace(
      "  return (",
      '  if (live.state) throw new Error("thrown here");\n  return (',
    );
    const line = lineOf(thrower, "thrown here");
    await copy.write(HOME, thrower);
    await tab.overlaySays(`at Home in ${HOME}:${line}:`);
    await tab.overlaySays('thrownewError("thrown here");');
    await until("the terminal says where", () => placeOf(HOME, line).test(dev.printed()));
    await copy.write(HOME, home.replace("Nothing is lost.", "Calm again."));
    await tab.shows("Calm again.");
    await tab.sees(`!${overlay}`);

    await copy.write(HOME, thrower);
    await tab.sees(overlay);
    await tab.view.reload();
    await tab.overlaySays(`at Home in ${HOME}:${line}:`);
    await copy.write(HOME, home);
    await tab.shows("Nothing is lost.");
    await tab.sees(`!${overlay}`);
  },
  TIMEOUT,
);

browserTest(
  "a style that is not valid",
  async () => {
    await using tab = await Tab.follow(dev);
    const style = await copy.read("src/page/style.css");
    await copy.write("src/page/style.css", `@import "./missing.css";\n${style}`);
    await tab.overlaySays("src/page/style.css");
    await tab.overlaySays("./missing.css");
    await copy.write("src/page/style.css", style);
    await tab.sees(`!${overlay}`);
    await tab.sees('getComputedStyle(document.querySelector(".home")).maxWidth !== "none"');
  },
  TIMEOUT,
);

browserTest(
  "a page that is opened while it does not build comes up once it does, every time",
  async () => {
    await using tab = await Tab.open("about:blank");
    for (let round = 0; round < 5; round += 1) {
      await copy.write(HOME, home.replace("<header>", "<header"));
      await until("the build fails", async () => (await fetch(dev.url)).status === 500);
      await tab.view.navigate(dev.url);
      await copy.write(HOME, home.replace("Nothing is lost.", `Round ${round}.`));
      await tab.shows(`Round ${round}.`);
    }
  },
  TIMEOUT,
);

browserTest(
  "an edit while the page loads is not missed",
  async () => {
    await using tab = await Tab.open("about:blank");
    for (let round = 0; round < 3; round += 1) {
      const loading = tab.view.navigate(dev.url);
      await copy.write(HOME, home.replace("Nothing is lost.", `Saved early, ${round}.`));
      await loading;
      await tab.shows(`Saved early, ${round}.`);
      await copy.write(HOME, home);
      await tab.shows("Nothing is lost.");
    }
  },
  TIMEOUT,
);

browserTest(
  "a package that is imported before it is installed",
  async () => {
    await using own = await Copy.make();
    const packages = join(own.folder, "node_modules");
    const installed = await realpath(packages);
    await unlink(packages);
    await mkdir(packages);
    for (const name of await readdir(installed)) {
      await symlink(join(installed, name), join(packages, name), "junction");
    }
    await using service = await startDev(own.folder);
    await using tab = await Tab.follow(service);
    const importing = home.replace("Nothing is lost.", "{late}");
    await own.write(HOME, `import { late } from "late";\n${importing}`);
    await tab.overlaySays("late");
    await own.write("node_modules/late/index.js", 'export const late = "Came late.";\n');
    await tab.shows("Came late.");
    await tab.sees(`!${overlay}`);
  },
  TIMEOUT,
);

browserTest(
  "a bundler that dies is started again; one whose server dies ends",
  async () => {
    await using own = await Copy.make();
    const probe = `(api as any)["/probe"] = () => {
      const { child, unix } = heldThings?.get("bundler")?.value.running;
      return Response.json({ server: process.pid, bundler: child.pid, unix });
    };`;
    await own.write(API, `${await own.read(API)}\n${probe}\n`);
    // Not by startDev, which sees to it that no process is left.
    const dev = [process.execPath, "run", "--silent", "dev"];
    await using service = await startService(dev, own.folder, { LOG_LEVEL: "warn" });
    const ask = async () => (await fetch(`${service.url}/probe`)).json();
    await using tab = await Tab.follow(service);
    await tab.evaluate("window.mark = 1");
    const before = await ask();
    process.kill(before.bundler, "SIGKILL");
    await tab.sees("window.mark === undefined");
    await own.write(HOME, home.replace("Nothing is lost.", "Back again."));
    await tab.shows("Back again.");
    const after = await ask();
    expect(after.server).toBe(before.server);
    process.kill(after.server, "SIGKILL");
    await until("the bundler ended", () =>
      fetch("http://localhost/", { unix: after.unix }).then(
        () => false,
        () => true,
      ),
    );
  },
  TIMEOUT,
);

browserTest(
  "a NODE_ENV that is meant for production changes nothing in development",
  async () => {
    await copy.write(".env", "NODE_ENV=production\n");
    await using other = await startDev(copy.folder, { NODE_ENV: "production" });
    await using tab = await Tab.open(other.url);
    await tab.click("#page-counter");
    await tab.sees(`${counter("page-counter")} === "1"`);
  },
  TIMEOUT,
);

test(
  "a server that does not parse: the last good version serves on, and the terminal says where",
  async () => {
    const api = await copy.read(API);
    const before = await state();
    await copy.write(API, api.replace("memory.count += 1", "memory.count +="));
    const line = lineOf(api, "memory.count += 1");
    await until("the terminal says where", () => placeOf(API, line).test(dev.printed()));
    expect(await state()).toMatchObject({ version: before.version, count: before.count });
    await copy.write(API, api.replace("memory.count += 1", "memory.count += 2"));
    await until("the new version serves", async () => (await state()).version !== before.version);
    const answer = await fetch(`${dev.url}/api/increment`, { method: "POST" });
    expect(await answer.json()).toMatchObject({ count: before.count + 2 });
    await copy.write(API, api);
  },
  TIMEOUT,
);

test(
  "a server that throws while it starts: the same",
  async () => {
    const api = await copy.read(API);
    const before = await state();
    await copy.write(API, `throw new Error("does not start");\n${api}`);
    await until("the terminal says so", () => dev.printed().includes("does not start"));
    expect((await state()).count).toBe(before.count);
    await copy.write(API, api);
    await until("the new version serves", async () => (await state()).version !== before.version);
  },
  TIMEOUT,
);

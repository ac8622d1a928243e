// Errors have their exact location, and pages recover without a reload by hand. Bun alone does neither.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir, realpath, rm, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
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

/** Matches a location in the terminal's output. */
const locationIn = (file: string, line: number) => new RegExp(`${file}:${line}:\\d+`);

const lineOf = (text: string, search: string) =>
  text.slice(0, text.indexOf(search)).split("\n").length;

browserTest("a component that throws shows the overlay until it is fixed", async () => {
  await using tab = await Tab.openDev(dev);
  await tab.click("#page-counter");
  const throwing = app.replace(
    "  return (",
    '  if (live) throw new Error("thrown here");\n  return (',
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

browserTest(
  "an error that an error boundary catches has its location until it is fixed",
  async () => {
    await using own = await Copy.make();
    const boundary = `import { Component } from "react";
import { App } from "./App.tsx";
export class Boundary extends Component {
  state = { error: undefined };
  static getDerivedStateFromError = (error) => ({ error });
  render = () => (this.state.error ? "Caught." : <App />);
}
`;
    await own.write("src/page/Boundary.tsx", boundary);
    const main = await own.read("src/page/main.tsx");
    // The error is reported as in the page of the project.
    const reporting = main.replaceAll("(element)", "(element, { onCaughtError: reportError })");
    await own.write("src/page/main.tsx", reporting.replaceAll("App", "Boundary"));
    await using service = await startDev(own.folder);
    await using tab = await Tab.openDev(service);
    const line = lineOf(app, "  return (");
    await own.write(
      APP,
      app.replace("  return (", '  throw new Error("Out of reach.");\n  return ('),
    );
    await tab.overlayShows("Out of reach.");
    await tab.overlayShows(`${APP}:${line}:`);
    await tab.shows("Caught.");
    // In a page that is opened with the error, the first bundle contains it.
    await tab.view.navigate(service.url);
    await tab.overlayShows(`${APP}:${line}:`);
    // The terminal shows the location instead of React's message with a stack in the bundle.
    expect(service.printed()).not.toContain("%s");
    await own.write(APP, app);
    await tab.shows(TEXT);
  },
);

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

// Bun alone misses that the error is fixed in some of these rounds.
for (const round of [1, 2, 3, 4, 5]) {
  browserTest(
    `a page that is opened while it does not build appears once the error is fixed, ${round}`,
    async () => {
      await copy.write(APP, app.replace("<header>", "<header"));
      await until("the build fails", async () => (await fetch(dev.url)).status === 500);
      await using tab = await Tab.open(dev.url);
      await copy.write(APP, app.replace(TEXT, `Round ${round}.`));
      await tab.shows(`Round ${round}.`);
    },
  );
}

browserTest("a page appears once an error in a file outside of src/page/ is fixed", async () => {
  await using own = await Copy.make();
  await own.write("src/util/text.ts", "export const text = (;\n");
  await own.edit(APP, TEXT, "{text}");
  await own.write(APP, `import { text } from "../util/text.ts";\n${await own.read(APP)}`);
  await using service = await startDev(own.folder);
  await until("the build fails", async () => (await fetch(service.url)).status === 500);
  await using tab = await Tab.open(service.url);
  // Bun's own script in the page would sometimes notice the edit as well.
  const fingerprint = async () => (await fetch(`${service.url}/_bun/sources`)).text();
  const before = await fingerprint();
  await own.write("src/util/text.ts", 'export const text = "From outside.";\n');
  await until("the edit is noticed", async () => (await fingerprint()) !== before);
  await tab.shows("From outside.");
});

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

/** A plugin that delays each build of a file. */
const slowPlugin = (file: string, ms: number) =>
  `export default { name: "slow", setup: (build) => build.onLoad({ filter: /${file}$/ }, () => Bun.sleep(${ms})) };`;

/** Code of a route: the process of the bundler, as src/dev/bundler.ts stores it. */
const BUNDLER =
  '(hotStore?.data.get("dev:bundler") as { bundler: { child: Bun.Subprocess; socket: string } }).bundler';

/** Makes each build of the page take a second. */
async function buildSlowly(own: Copy): Promise<void> {
  await own.write("slow.js", slowPlugin("App.tsx", 1000));
  await own.edit("bunfig.toml", "plugins = [", 'plugins = ["./slow.js",');
}

test("a page that was served before an edit was built, and subscribes later, reloads", async () => {
  await using own = await Copy.make();
  await buildSlowly(own);
  await using service = await startDev(own.folder);
  const load = async () => (await fetch(service.url)).text();
  /** Sends the messages with which Bun's client subscribes and names its build. Resolves when the page has to reload. */
  const connect = (page: string) => {
    const [, build] = /(\w{8})\.js"/.exec(page) ?? [];
    const socket = new WebSocket(`${service.url}/_bun/hmr`.replace("http", "ws"));
    const messages = ["she", "n/", `i${build}`];
    socket.onopen = () => messages.forEach((message) => void socket.send(message));
    return new Promise((resolve) => {
      socket.onclose = resolve;
    });
  };
  const before = await load();
  await own.edit(APP, TEXT, "Built slowly.");
  expect(await load()).toBe(before);
  await until("the edit is built", () => service.printed().includes("Reloaded in"));
  // Another tab has the new page, and connects first.
  const current = connect(await load());
  await connect(before);
  expect(await Promise.race([current, "it does not reload"])).toBe("it does not reload");
});

browserTest(
  "an edit while the bundler is busy is shown, and the page keeps its state",
  async () => {
    await using own = await Copy.make({ intervalMs: 30 });
    await buildSlowly(own);
    const extra = (text: string) => `export function Extra() {\n  return <p>${text}</p>;\n}\n`;
    await own.write("src/page/Extra.tsx", extra("before"));
    await own.edit(APP, "</main>", "<Extra /></main>");
    await own.edit(APP, "import", 'import { Extra } from "./Extra.tsx";\nimport');
    await using service = await startDev(own.folder);
    await using tab = await Tab.openDev(service);
    await tab.click("#page-counter");
    await tab.waitFor(`${counter("page-counter")} === "1"`);
    const style = await own.read(STYLE);
    await own.edit(APP, TEXT, "Built slowly.");
    // Bun forgets the second of three saves while it builds, until the next event.
    await Bun.sleep(100);
    await own.write(STYLE, `${style}\n`);
    await Bun.sleep(30);
    await own.write("src/page/Extra.tsx", extra("after"));
    await own.write(STYLE, `${style}\n\n`);
    await tab.shows("Built slowly.");
    await tab.shows("after");
    expect(await tab.evaluate(counter("page-counter"))).toBe("1");
  },
);

browserTest(
  "a package that is imported before it is installed works after the installation",
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
    await using tab = await Tab.openDev(service);
    const importing = app.replace(TEXT, "{late}");
    await own.write(APP, `import { late } from "late";\n${importing}`);
    await tab.overlayShows("late");
    await own.write("node_modules/late/index.js", 'export const late = "Installed late.";\n');
    await tab.shows("Installed late.");
    await tab.waitFor(`!${overlay}`);
    // The new folder may have the inode of the old one.
    await rm(join(packages, "late"), { recursive: true });
    await own.write("node_modules/late/index.js", 'export const late = "Installed again.";\n');
    await tab.shows("Installed again.");
  },
);

browserTest(
  "a killed bundler is started again, and it exits when the server is killed",
  async () => {
    await using own = await Copy.make();
    const probe = `new Hono().get("/api/probe", (c) => {
      const { child, socket } = ${BUNDLER};
      return c.json({ server: process.pid, bundler: child.pid, socket });
    })`;
    await own.edit(ROUTES, "new Hono()", probe);
    // Not started with startDev, whose command kills all descendants itself.
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

test.each(["", "\u0001", "\u0001\u0000\u0000\u0000", "\uffff".repeat(20)])(
  "a truncated error report is 400: %j",
  async (body) => {
    const response = await fetch(`${dev.url}/_bun/report_error`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  },
);

// The second location is that of a script that is not in the bundle.
test.each(["", "/other.js"])(
  "the code is that of the first frame with a location: %j",
  async (file) => {
    const page = await (await fetch(dev.url)).text();
    const script = `${dev.url}${/src="([^"]+)"/.exec(page)?.[1]}`;
    const line = lineOf(await (await fetch(script)).text(), TEXT);
    const integer = (value: number) => Buffer.from(Int32Array.of(value).buffer);
    const string = (text: string) => Buffer.concat([integer(text.length), Buffer.from(text)]);
    const frame = (at: number, url: string) =>
      Buffer.concat([integer(at), integer(1), string("name"), string(url)]);
    const header = ["Error", "thrown", dev.url].map(string);
    // The first line of a bundle is Bun's own.
    const stack = [integer(2), frame(1, file ? dev.url + file : script), frame(line, script)];
    const body = Buffer.concat([...header, ...stack]);
    const response = await fetch(`${dev.url}/_bun/report_error`, { method: "POST", body });
    expect(await response.text()).toContain(`<p>${TEXT}</p>`);
  },
);

browserTest("a plugin that cannot be loaded is reported until bunfig.toml is fixed", async () => {
  await using broken = await Copy.make();
  const bunfig = await broken.read("bunfig.toml");
  await broken.write("bunfig.toml", bunfig.replace("plugins = [", 'plugins = ["no-such-plugin",'));
  await using service = await startDev(broken.folder);
  await using tab = await Tab.open(service.url);
  await tab.shows("Plugin Error");
  expect(service.printed()).toContain("no-such-plugin");
  await broken.write("bunfig.toml", bunfig);
  await tab.shows(TEXT);
});

test("requests reach the successor of a bundler whose exit has not been reported", async () => {
  await using own = await Copy.make();
  // The stored process never exits, so that only its socket shows that it was killed.
  const probe = `new Hono().post("/api/kill", async (c) => {
      const bundler = ${BUNDLER};
      const { pid, exited } = bundler.child;
      bundler.child = { pid, exited: new Promise(() => undefined), kill: () => undefined };
      process.kill(pid, "SIGKILL");
      await exited;
      return c.json(pid);
    })`;
  await own.edit(ROUTES, "new Hono()", probe);
  await using service = await startDev(own.folder);
  const kill = async () => (await fetch(`${service.url}/api/kill`, { method: "POST" })).json();
  expect((await fetch(service.url)).status).toBe(200);
  const first = await kill();
  expect((await fetch(service.url)).status).toBe(200);
  expect(await kill()).not.toBe(first);
  const socket = new WebSocket(`${service.url}/_bun/hmr`.replace("http", "ws"));
  await new Promise((resolve) => {
    socket.onmessage = resolve;
  });
  socket.close();
});

browserTest("a page that cannot be served says why, and reloads after an edit", async () => {
  await using own = await Copy.make();
  const program = "src/dev/bundler-process.ts";
  const source = await own.read(program);
  await own.write(program, "process.exit(1);\n");
  await using service = await startDev(own.folder);
  await using tab = await Tab.open(service.url);
  await tab.shows("exited before it listened");
  await own.write(program, source);
  await own.write(APP, app.replace(TEXT, "Served again."));
  await tab.shows("Served again.");
});

browserTest("pages that cannot be served do not make each other reload", async () => {
  await using own = await Copy.make();
  await own.write("src/dev/bundler-process.ts", "process.exit(1);\n");
  await using service = await startDev(own.folder);
  await using first = await Tab.open(service.url);
  await using second = await Tab.open(service.url);
  for (const tab of [first, second]) {
    await tab.shows("exited before it listened");
    await tab.evaluate("window.mark = 1");
  }
  // A page polls twice per second.
  await Bun.sleep(2000);
  for (const tab of [first, second]) expect(await tab.evaluate("window.mark")).toBe(1);
});

browserTest(
  "after an image is replaced, the page reloads once, even if the build is slow",
  async () => {
    await using own = await Copy.make();
    await own.write("slow.js", slowPlugin("picture.svg", 2000));
    // As the last plugin, so that the others have handled the image before the build waits.
    await own.edit("bunfig.toml", "\n]", '\n"./slow.js"\n]');
    // Not the icon of index.html: Bun reloads the page after an edit of it, too.
    const icon = await own.read("src/page/icon.svg");
    await own.write("src/page/picture.svg", icon);
    const picture = 'import picture from "./picture.svg";\n';
    const page = picture + app.replace("</main>", '<img src={picture} alt="" /></main>');
    await own.write(APP, page);
    await using service = await startDev(own.folder);
    await using tab = await Tab.openDev(service);
    // The bundler has also been asked whether the page is stale: an edit before its response would reload the page.
    await (await fetch(service.url)).text();
    const countLoads = "sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1";
    await tab.view.cdp("Page.enable");
    await tab.view.cdp("Page.addScriptToEvaluateOnNewDocument", { source: countLoads });
    await own.write(APP, page.replace(TEXT, "Edited before."));
    await tab.shows("Edited before.");
    const source = 'document.querySelector("img").src';
    const before = await tab.evaluate(source);
    await own.write("src/page/picture.svg", `${icon}<!-- replaced -->\n`);
    await tab.waitFor(`${source} !== ${JSON.stringify(before)}`);
    await tab.connected(service);
    expect(await tab.evaluate("sessionStorage.loads")).toBe("1");
  },
);

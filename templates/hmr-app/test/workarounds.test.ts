// Reproduces defects of Bun that src/dev/workarounds/ works around, on a plain development server. If a test fails, Bun
// has fixed that defect: README.md says what to delete.
import { afterEach, describe, expect } from "bun:test";
import { mkdtemp, realpath, rename, rm, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browserTest, followEdits, Tab } from "./browser.ts";
import { type Service, startService, until } from "./service.ts";

/** Milliseconds within which an edit would be shown. */
const LONG_ENOUGH_MS = 1500;

const server = `import page from "./index.html";
const { PORT: port } = process.env;
const server = Bun.serve({ hostname: "127.0.0.1", port, development: { hmr: true, console: true }, routes: { "/*": page } });
console.log("listening on " + server.url.href);
`;
const html = `<!doctype html>
<html lang="en">
  <head><title>Plain Bun</title></head>
  <body><div id="root"></div><script type="module" src="./main.tsx"></script></body>
</html>
`;
const main = `import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
createRoot(document.getElementById("root")!).render(<App />);
`;
const component = (text: string, imports = "") =>
  `${imports}\nexport function App() {\n  return <p>${text}</p>;\n}\n`;

let folder: string;
let dev: Service;
let tab: Tab;

afterEach(async () => {
  await tab?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const write = (path: string, text: string) => Bun.write(join(folder, path), text);

/** Starts a server for a page with `files`, and opens it. */
async function open(files: Readonly<Record<string, string>>): Promise<void> {
  folder = await realpath(await mkdtemp(join(tmpdir(), "hmr-app-plain-")));
  await symlink(join(import.meta.dir, "../node_modules"), join(folder, "node_modules"), "junction");
  const all = { "server.ts": server, "index.html": html, "main.tsx": main, ...files };
  for (const [path, text] of Object.entries(all)) await write(path, text);
  await start();
  tab = await Tab.open(dev.url);
}

async function start(port = "0"): Promise<void> {
  const command = [process.execPath, "--no-orphans", "server.ts"];
  dev = await startService(command, folder, { NODE_ENV: "development", PORT: port });
}

const text = async () => String(await tab.evaluate("document.body.innerText"));

/** Waits longer than an edit takes, because there is no event for a text that is never shown. */
async function expectNeverShown(missing: string): Promise<void> {
  await Bun.sleep(LONG_ENOUGH_MS);
  expect(await text()).not.toContain(missing);
}

describe("css-modules.ts", () => {
  browserTest("a CSS Module throws", async () => {
    await open({
      "App.tsx": component("{styles.red}", 'import styles from "./a.module.css";'),
      "a.module.css": ".red { color: red; }",
    });
    await tab.overlayShows("is not defined");
  });
});

describe("data-imports.ts", () => {
  browserTest("an edit of a JSON file is not shown", async () => {
    await open({
      "App.tsx": component("{data.text}", 'import data from "./data.json";'),
      "data.json": '{ "text": "before" }',
    });
    await tab.shows("before");
    await tab.connected(dev);
    await write("data.json", '{ "text": "after" }');
    await expectNeverShown("after");
  });
});

describe("module-urls.ts", () => {
  browserTest("the URL of a worker is that of a file", async () => {
    await open({
      "App.tsx": component('{new URL("./worker.ts", import.meta.url).href}'),
      "worker.ts": "self.postMessage(1);",
    });
    await tab.shows("file://");
  });
});

describe("import-cycles.ts", () => {
  browserTest("an imported function is null while a cycle loads", async () => {
    await open({
      "App.tsx": component("{first()}", 'import { first } from "./first.ts";'),
      "first.ts":
        'import { second } from "./second.ts";\nexport function first() { return second; }\n',
      "second.ts": 'import { first } from "./first.ts";\nexport const second = typeof first;\n',
    });
    await tab.overlayShows("null");
  });
});

describe("re-exports.ts", () => {
  browserTest("what an index.ts re-exports is null while a cycle loads", async () => {
    await open({
      "App.tsx": component("{second}", 'import { second } from "./index.ts";'),
      "index.ts": 'export { first } from "./first.ts";\nexport * from "./second.ts";\n',
      "first.ts": 'export const first = "first";\n',
      "second.ts": 'import { first } from "./index.ts";\nexport const second = first;\n',
    });
    await tab.overlayShows("null");
  });
});

describe("derived-values.ts", () => {
  browserTest("an edit does not reach a value that another module derives from it", async () => {
    await open({
      "App.tsx": component("{second}", 'import { second } from "./second.ts";'),
      "second.ts": 'import { first } from "./first.ts";\nexport const second = first;\n',
      "first.ts": 'export const first = "before";\n',
    });
    await tab.shows("before");
    await tab.connected(dev);
    await write("first.ts", 'export const first = "after";\n');
    await expectNeverShown("after");
  });

  browserTest("a module is evaluated before one that it imports", async () => {
    await open({
      "App.tsx": component(
        "{text}",
        'import { first } from "./first.ts";\nimport { Second } from "./Second.tsx";\nconst text = "first " + first + ", second " + Second.text;',
      ),
      "Second.tsx":
        'import { first } from "./first.ts";\nexport function Second() { return null; }\nSecond.text = first;\n',
      "first.ts": 'export const first = "before";\n',
    });
    await tab.shows("first before, second before");
    await tab.connected(dev);
    await write("first.ts", 'export const first = "after";\n');
    await expectNeverShown("second after");
  });

  browserTest("an edit of a module that sets hot.data does not reach its importers", async () => {
    const first = 'import.meta.hot.data.set = true;\nexport const first = "before";\n';
    await open({
      "App.tsx": component("{first}", 'import { first } from "./first.ts";'),
      "first.ts": first,
    });
    await tab.shows("before");
    await tab.connected(dev);
    await write("first.ts", first.replace("before", "after"));
    await expectNeverShown("after");
  });
});

describe("hook-edits.ts", () => {
  browserTest("a component throws after an edit of a hook in a .ts file", async () => {
    const hook = (calls: string) =>
      `import { useState } from "react";\nexport function useText() { return ${calls}; }\n`;
    await open({
      "App.tsx": component("{useText()}", 'import { useText } from "./text.ts";'),
      "text.ts": hook('useState("before")[0]'),
    });
    await tab.shows("before");
    await tab.connected(dev);
    await write("text.ts", hook('useState("after")[0] + useState("wards")[0]'));
    await tab.overlayShows("Rendered more hooks");
  });
});

const badge = (content: string) => `export const badge = "${content}";\n`;
const importing = (path: string) =>
  component("{badge}", `import { badge } from "./${path}/badge.ts";`);

describe("source-files.ts", () => {
  browserTest("a file that an editor replaces is built while it is missing", async () => {
    await open({ "App.tsx": component("before") });
    await tab.shows("before");
    await tab.connected(dev);
    await rename(join(folder, "App.tsx"), join(folder, "App.tsx~"));
    await until("the terminal shows it", () => /Could not resolve|ENOENT/.test(dev.printed()));
  });

  browserTest("an edit in a folder that was removed and restored is not shown", async () => {
    await open({ "App.tsx": importing("parts"), "parts/badge.ts": badge("before") });
    await tab.shows("before");
    await tab.connected(dev);
    await write("App.tsx", component("nothing"));
    await tab.shows("nothing");
    await rm(join(folder, "parts"), { recursive: true });
    await Bun.sleep(LONG_ENOUGH_MS);
    await write("parts/badge.ts", badge("before"));
    await write("App.tsx", importing("parts"));
    await tab.shows("before");
    await Bun.sleep(LONG_ENOUGH_MS);
    await write("parts/badge.ts", badge("after"));
    await expectNeverShown("after");
  });
});

describe("installed-packages.ts", () => {
  browserTest("a package that is installed later is not found", async () => {
    await open({ "App.tsx": component("before") });
    await tab.shows("before");
    await tab.connected(dev);
    await write("App.tsx", component("{late}", 'import { late } from "late";'));
    await tab.overlayShows("late");
    await write("packages/late/index.js", 'export const late = "after";\n');
    await write("packages/late/package.json", '{ "name": "late", "main": "index.js" }');
    await unlink(join(folder, "node_modules"));
    await symlink(join(folder, "packages"), join(folder, "node_modules"), "junction");
    await expectNeverShown("after");
  });
});

describe("config-files.ts", () => {
  browserTest("an edit of .env has no effect", async () => {
    await open({
      "App.tsx": component("{process.env.PUBLIC_NOTE}"),
      "bunfig.toml": '[serve.static]\nenv = "PUBLIC_*"\n',
      ".env": "PUBLIC_NOTE=before\n",
    });
    await tab.shows("before");
    await write(".env", "PUBLIC_NOTE=after\n");
    await tab.view.reload();
    await expectNeverShown("after");
  });
});

describe("update-order.ts", () => {
  browserTest("the script of an edit does not wait for those of earlier edits", async () => {
    await open({ "App.tsx": component("before") });
    await tab.shows("before");
    await tab.connected(dev);
    await tab.evaluate(followEdits);
    await write("App.tsx", component("after"));
    await tab.shows("after");
    expect(await tab.evaluate("window.isAsync")).toBe(true);
  });
});

describe("error-locations.ts", () => {
  browserTest("an error in edited code has its location in the bundle", async () => {
    await open({ "App.tsx": component("before") });
    await tab.shows("before");
    await tab.connected(dev);
    await write("App.tsx", 'export function App() {\n\n\n  throw new Error("thrown here");\n}\n');
    await tab.overlayShows("thrown here");
    expect(await tab.overlayText()).not.toContain("App.tsx:4:");
  });
});

/** Shows an earlier response of the server in the tab. */
async function openEarlier(page: string): Promise<void> {
  await tab.evaluate(`(() => {
    document.open();
    document.write(${JSON.stringify(page)});
    document.close();
  })()`);
}

describe("build-error-page.ts", () => {
  browserTest("the page does not notice that the error was fixed before it connected", async () => {
    await open({ "App.tsx": component("before") });
    await tab.view.navigate("about:blank");
    await write("App.tsx", "export function App( {");
    let page = "";
    for (let status = 200; status === 200; await Bun.sleep(50)) {
      const response = await fetch(dev.url);
      ({ status } = response);
      page = await response.text();
    }
    await write("App.tsx", component("after"));
    for (let status = 500; status !== 200; await Bun.sleep(50)) ({ status } = await fetch(dev.url));
    await tab.view.navigate(`${dev.url}/favicon.ico`);
    await openEarlier(page);
    await expectNeverShown("after");
  });
});

describe("hmr-messages.ts", () => {
  browserTest("a page does not reload as soon as its server was replaced", async () => {
    await open({ "App.tsx": component("before") });
    await tab.shows("before");
    await tab.connected(dev);
    await dev[Symbol.asyncDispose]();
    await write("App.tsx", component("after"));
    await start(new URL(dev.url).port);
    await Bun.sleep(LONG_ENOUGH_MS / 10);
    expect(await text()).toContain("before");
  });

  /** Delays its pages until the gate is opened. */
  const gated = server.replace(
    "routes: {",
    `routes: {
    "/held": async () => (await held.promise, new Response()),
    "/gate": async () => (held.resolve(), await gate.promise, new Response()),
    "/open": () => (gate.resolve(), new Response()),`,
  );
  const hold = `<script>
  const request = new XMLHttpRequest();
  request.open("GET", "/gate", false);
  request.send();
</script>`;
  const scriptOf = async () => /src="([^"]+)"/.exec(await (await fetch(dev.url)).text())?.[1];

  // The edit may reach the server before the page has its code: then this attempt proves nothing.
  const options = { retry: 3 };
  browserTest(
    "an edit before the page subscribed is not shown",
    async () => {
      const gates = "const [held, gate] = [Promise.withResolvers(), Promise.withResolvers()];\n";
      await open({ "App.tsx": component("before"), "server.ts": gates + gated });
      await tab.shows("before");
      // Queued after the request for the module's code.
      await write("index.html", html.replace("</body>", `${hold}</body>`));
      await until("the page has the gate", async () =>
        (await (await fetch(dev.url)).text()).includes("/gate"),
      );
      const loading = tab.view.navigate(dev.url);
      await fetch(`${dev.url}/held`);
      const before = await scriptOf();
      await write("App.tsx", component("after"));
      await until("the edit is bundled", async () => (await scriptOf()) !== before);
      await fetch(`${dev.url}/open`);
      await loading;
      await tab.shows("before");
      await expectNeverShown("after");
    },
    options,
  );
});

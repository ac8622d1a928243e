// The page follows a branch switch, a renamed folder, a replaced image and an edit of the configuration.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { isImported, loadedFiles, sources } from "../src/dev/workarounds/source-files.ts";
import { browserTest, counter, followEdits, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev, until } from "./service.ts";

const APP = "src/page/App.tsx";
const ROUTES = "src/features/counter/routes.ts";
const BADGE = "src/page/widgets/Badge.tsx";
const badge = (text: string) => `export function Badge() {\n  return <b>${text}</b>;\n}\n`;
const picture = (color: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path fill="${color}" d="M0 0h9v9H0z"/></svg>`;
let copy: Copy;
let dev: Service;
let tab: Tab;

beforeAll(async () => {
  copy = await Copy.make();
  await copy.write(BADGE, badge("badge one"));
  await copy.write("src/page/data.json", '{ "title": "json one" }');
  await copy.write("src/page/data.txt", "text one");
  await copy.write("src/page/sheet.css", ".one {}");
  await copy.edit("package.json", '"imports": {', '"imports": { "#sheet": "./src/page/sheet.css",');
  await copy.write("src/page/picture.svg", picture("red"));
  await copy.write("src/page/markup.svg", picture("red"));
  await copy.edit(
    APP,
    "import { useState }",
    `import { Badge } from "./widgets/Badge.tsx";
import data, { title as heading } from "./data.json";
import text from "./data.txt";
import sheet from "#sheet" with { "type": "text" };
import markup from "./markup.svg" with { type: "text" };
import picture from "./picture.svg";
import { useState }`,
  );
  await copy.edit(
    APP,
    "</header>",
    '<Badge /> {data.title} {heading.length} {text} {process.env.PUBLIC_NOTE} {markup} {sheet}<img id="picture" src={picture} /></header>',
  );
  await copy.write(".env", "PUBLIC_NOTE=note one\n");
  await copy.write(".gitignore", "node_modules\n");
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-qm", "first");
  dev = await startDev(copy.folder);
});

afterAll(async () => {
  await tab?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

function git(...args: readonly string[]): void {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  const { exitCode, stderr } = Bun.spawnSync(["git", ...identity, ...args], { cwd: copy.folder });
  if (exitCode !== 0) throw new Error(stderr.toString());
}

const count = () => tab.evaluate(counter("page-counter"));

browserTest("an edited JSON file and text are shown, and the page keeps its state", async () => {
  tab = await Tab.openDev(dev);
  await tab.shows("badge one json one 8 text one note one");
  await tab.click("#page-counter");
  await tab.waitFor(`${counter("page-counter")} === "1"`);
  await copy.write("src/page/data.json", '{ "title": "json second" }');
  await tab.shows("json second 11");
  await copy.write("src/page/data.txt", "text two");
  await tab.shows("text two");
  await copy.write("src/page/markup.svg", picture("green"));
  await tab.shows('fill="green"');
  await copy.write("src/page/sheet.css", ".second {}");
  await tab.shows(".second {}");
  expect(await count()).toBe("1");
});

browserTest("after saves in quick succession the page shows the last one", async () => {
  // Otherwise the browser may run the scripts of the edits in another order.
  await tab.evaluate(followEdits);
  for (const title of ["once", "twice", "three times"]) {
    await Bun.write(join(copy.folder, "src/page/data.json"), JSON.stringify({ title }));
    await Bun.sleep(20);
  }
  await tab.shows("three times");
  expect(await tab.evaluate("window.isAsync")).toBe(false);
});

browserTest("a replaced image is shown", async () => {
  const before = await tab.evaluate('document.querySelector("#picture").src');
  await copy.write("src/page/picture.svg", picture("blue"));
  await tab.waitFor(`document.querySelector("#picture").src !== ${JSON.stringify(before)}`);
  const svg = "await (await fetch(document.querySelector('#picture').src)).text()";
  expect(await tab.evaluate(`(async () => ${svg})()`)).toContain("blue");
});

browserTest("a folder that git removes and restores is still watched", async () => {
  git("add", ".");
  git("commit", "-qm", "second");
  await copy.edit(APP, 'import { Badge } from "./widgets/Badge.tsx";\n', "");
  await copy.edit(APP, "<Badge />", "<b>no badge</b>");
  await rm(join(copy.folder, "src/page/widgets"), { recursive: true });
  await tab.shows("no badge");
  git("stash", "-q");
  await tab.shows("badge one");
  for (const text of ["badge two", "badge three"]) {
    await copy.write(BADGE, badge(text));
    await tab.shows(text);
  }
  git("checkout", "-q", ".");
  await tab.shows("badge one");
});

browserTest("a renamed folder is still watched", async () => {
  await rename(join(copy.folder, "src/page/widgets"), join(copy.folder, "src/page/gadgets"));
  await copy.edit(APP, "./widgets/", "./gadgets/");
  await tab.shows("badge one");
  for (const text of ["badge four", "badge five"]) {
    await copy.write("src/page/gadgets/Badge.tsx", badge(text));
    await tab.shows(text);
  }
});

browserTest("a page whose folder is replaced by a copy is shown, and still watched", async () => {
  const page = join(copy.folder, "src/page");
  // The bundler misses it only sometimes.
  for (const round of [1, 2, 3]) {
    await rename(page, `${page}-old`);
    await cp(`${page}-old`, page, { recursive: true });
    await rm(`${page}-old`, { recursive: true });
    for (const text of [`copy ${round}`, `edit of copy ${round}`]) {
      await copy.write("src/page/gadgets/Badge.tsx", badge(text));
      await tab.shows(`${text} `);
    }
  }
  await copy.write("src/page/gadgets/Badge.tsx", badge("badge five"));
  await tab.shows("badge five");
});

browserTest("an edit of .env changes the page and the server", async () => {
  const { version } = await (await fetch(`${dev.url}/api/state`)).json();
  await copy.write(".env", "PUBLIC_NOTE=note two\nDEV_HOSTS=added.example\n");
  await tab.shows("note two");
  await until("the server has the variable", async () => {
    const response = await fetch(`${dev.url}/api/state`, { headers: { host: "added.example" } });
    return response.ok && (await response.json()).version !== version;
  });
  await copy.write(".env", "PUBLIC_NOTE=note three\n");
  await tab.shows("note three");
  await until("the variable is gone", async () => {
    const response = await fetch(`${dev.url}/api/state`, { headers: { host: "added.example" } });
    return response.status === 403;
  });
});

browserTest("a variable of the shell takes precedence over one with a reference", async () => {
  await using own = await Copy.make();
  const env = "PUBLIC_A=costs $5\nPUBLIC_B=is $PUBLIC_C\nPUBLIC_C=of the file\n";
  await own.write(".env", env);
  const shown = "{process.env.PUBLIC_A}, {process.env.PUBLIC_B}";
  await own.edit(APP, "</header>", `${shown}</header>`);
  await using service = await startDev(own.folder, { PUBLIC_A: "of the shell" });
  await using page = await Tab.openDev(service);
  await page.shows("of the shell, is of the file");
  await own.write(".env", env.replace("of the file", "of the edit"));
  await page.shows("of the shell, is of the edit");
});

browserTest("an alias in a file that tsconfig.json extends resolves", async () => {
  const app = (await copy.read(APP)).replace("<Badge />", "<Badge /> by an alias");
  await copy.write(APP, app.replace("./gadgets/Badge.tsx", "@gadgets/Badge.tsx"));
  await tab.overlayShows("@gadgets/Badge.tsx");
  const config = JSON.parse(await copy.read("tsconfig.json"));
  const paths = { "@gadgets/*": ["./src/page/gadgets/*"] };
  await copy.write("tsconfig.base.json", JSON.stringify({ extends: config.extends }));
  await copy.write("tsconfig.json", JSON.stringify({ ...config, extends: "./tsconfig.base.json" }));
  await until("the bundler restarts", () => /tsconfig\.json.* changed/.test(dev.printed()));
  const base = { extends: config.extends, compilerOptions: { paths } };
  await copy.write("tsconfig.base.json", JSON.stringify(base));
  await tab.shows("badge five by an alias");
});

browserTest("an alias in a tsconfig.json of a folder resolves", async () => {
  await copy.edit(APP, "@gadgets/Badge.tsx", "@page/gadgets/Badge.tsx");
  await tab.overlayShows("@page/gadgets/Badge.tsx");
  const compilerOptions = { paths: { "@page/*": ["./*"], "@gadgets/*": ["./gadgets/*"] } };
  await copy.write("src/page/tsconfig.json", JSON.stringify({ compilerOptions }));
  await tab.waitFor(`!${overlay}`);
  await tab.shows("badge five by an alias");
  await copy.edit(APP, "@page/gadgets/Badge.tsx", "@gadgets/Badge.tsx");
});

browserTest("an alias in package.json resolves", async () => {
  await copy.edit(APP, "@gadgets/Badge.tsx", "#gadgets/Badge.tsx");
  await tab.overlayShows("#gadgets/Badge.tsx");
  const config = JSON.parse(await copy.read("package.json"));
  config.imports["#gadgets/*"] = "./src/page/gadgets/*";
  await copy.write("package.json", JSON.stringify(config));
  await tab.waitFor(`!${overlay}`);
  await tab.shows("badge five by an alias");
});

test.each([
  "./gadgets/Badge.tsx",
  "@/gadgets/Badge",
  "@gadgets/Badge",
  "#gadgets/Badge.tsx",
  "~/gadgets",
  "./it's (a group)/Badge",
])("a file counts as imported if another one imports %s", async (specifier) => {
  await using own = await Copy.make();
  const name = specifier.endsWith("gadgets") ? "index.ts" : "Badge.tsx";
  const folder = specifier.includes("gadgets") ? "gadgets" : "it's (a group)";
  const path = join(own.folder, "src/page", folder, name);
  const importer = join(own.folder, "src/page/Importer.tsx");
  await own.write("src/page/Importer.tsx", `/* It's */ import { Badge } from "${specifier}";`);
  for (const file of [path, importer]) loadedFiles.set(file, "");
  expect(isImported(path)).toBe(true);
  await own.write("src/page/Importer.tsx", 'import { Badge } from "#gadgets/OtherBadge";');
  expect(isImported(path)).toBe(false);
  loadedFiles.clear();
});

const NOTE = "import { note } from";
const note = (text: string) => `export const note = "${text}";\n`;

/** Adds an import to the page of a copy of its own, and opens it. */
async function openNote(own: Copy, specifier: string): Promise<AsyncDisposable & { page: Tab }> {
  await own.edit(APP, "import { useState }", `${NOTE} "${specifier}";\nimport { useState }`);
  await own.edit(APP, "</header>", "{note}</header>");
  const service = await startDev(own.folder);
  const page = await Tab.openDev(service);
  const close = async () => {
    await page[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  };
  return { page, [Symbol.asyncDispose]: close };
}

browserTest(
  "a link that points to another folder is followed, and so are later edits",
  async () => {
    await using own = await Copy.make();
    await own.write("one/note.ts", note("folder one"));
    await own.write("two/note.ts", note("folder two"));
    const link = join(own.folder, "src/page/linked");
    await symlink(join(own.folder, "one"), link);
    await using opened = await openNote(own, "./linked/note.ts");
    const { page } = opened;
    await page.shows("folder one");
    await rm(link);
    await symlink(join(own.folder, "two"), link);
    await page.shows("folder two");
    await own.write("two/note.ts", note("edited two"));
    await page.shows("edited two");
  },
);

browserTest("an edit is shown after a file was renamed to another extension", async () => {
  await using own = await Copy.make();
  await own.write("src/page/note.tsx", note("before"));
  await using opened = await openNote(own, "./note.tsx");
  const { page } = opened;
  await page.shows("before");
  await rename(join(own.folder, "src/page/note.tsx"), join(own.folder, "src/page/note.jsx"));
  await own.edit(APP, "./note.tsx", "./note.jsx");
  await own.write("src/page/note.jsx", note("after"));
  await page.shows("after");
});

browserTest("files that the page does not import change nothing", async () => {
  await tab.connected(dev);
  await tab.click("#page-counter");
  await tab.waitFor(`${counter("page-counter")} === "1"`);
  await tab.evaluate("window.mark = 1");
  const swap = "src/page/.App.tsx.swp";
  for (const name of [swap, "src/page/App.tsx~", "src/page/#App.tsx#", "src/page/notes.md"]) {
    for (const text of ["b0VIM", `b0VIM${"x".repeat(8000)}`, "again"]) await copy.write(name, text);
  }
  await copy.write("src/page/gadgets/Badge.tsx", badge("badge six"));
  await tab.shows("badge six");
  // Longer than the time within which the bundler must notice an edit.
  const since = Date.now();
  await until("a second has passed", () => Date.now() - since > 1000);
  expect(await tab.evaluate("window.mark")).toBe(1);
  expect(await count()).toBe("1");
});

test("DEV_POLL in .env starts and ends polling without a restart", async () => {
  await using own = await Copy.make();
  await using service = await startDev(own.folder);
  const version = async () => (await (await fetch(`${service.url}/api/state`)).json()).version;
  const changes = async (what: string, change: () => Promise<void>) => {
    const before = await version();
    await change();
    await until(`${what} is evaluated`, async () => (await version()) !== before);
    // One edit may cause two evaluations, and the second one must not count for the next edit.
    await until("no evaluation follows", isSettled);
  };
  const isSettled = async () => {
    const before = await version();
    await Bun.sleep(1500);
    return (await version()) === before;
  };
  await changes("the first variable", () => own.writeAtomically(".env", "DEV_POLL=true\n"));
  await changes("a polled edit", () => own.editWithoutEvent(ROUTES, "+= 1", "+= 2"));
  await changes("the second variable", () => own.writeAtomically(".env", "DEV_POLL=false\n"));
  await own.editWithoutEvent(ROUTES, "+= 2", "+= 3");
  expect(await isSettled()).toBe(true);
});

test("an edit of .env that cannot take effect yet is reported, and takes effect later", async () => {
  await using own = await Copy.make();
  const fullDisk = 'if (require("node:fs").existsSync("full")) throw new Error("ENOSPC");';
  await own.edit("src/dev/reevaluate.ts", "try {", `try { ${fullDisk}`);
  await own.write("full", "");
  await using service = await startDev(own.folder);
  await own.write(".env", "DEV_HOSTS=added.example\n");
  await until("it is reported", () => service.printed().includes("an edit has no effect yet"));
  await rm(join(own.folder, "full"));
  await until("the bundler restarts", () => service.printed().includes(".env changed"));
  const headers = { host: "added.example" };
  await until(
    "the server uses the variable",
    async () => (await fetch(`${service.url}/api/state`, { headers })).status === 200,
  );
});

test("an edit of .env has an effect if bunfig.toml preloads a module that prints", async () => {
  await using own = await Copy.make();
  await own.write("preload.ts", 'console.log("preloaded");\n');
  await own.edit("bunfig.toml", "[serve.static]", 'preload = ["./preload.ts"]\n\n[serve.static]');
  await using service = await startDev(own.folder);
  await own.write(".env", "DEV_HOSTS=added.example\n");
  await until("the server has the variable", async () => {
    const headers = { host: "added.example" };
    return (await fetch(`${service.url}/api/state`, { headers })).ok;
  });
});

test("a bunfig.toml that does not parse is reported, and the next edit has an effect", async () => {
  await using own = await Copy.make();
  await using service = await startDev(own.folder);
  const config = await own.read("bunfig.toml");
  await own.write("bunfig.toml", "plugins = [");
  await until("it is reported", () => service.printed().includes("bunfig.toml changed"));
  expect(service.printed()).toContain("the variables of .env keep their values");
  await own.write("bunfig.toml", config);
  await own.write(".env", "DEV_HOSTS=added.example\n");
  await until("the server has the variable", async () => {
    const headers = { host: "added.example" };
    return (await fetch(`${service.url}/api/state`, { headers })).ok;
  });
});

test("a file counts as one of a package only in a folder of packages", () => {
  const path = "/srv/node_modules_demo/src/node_modules-list.tsx";
  loadedFiles.set(path, "").set("/app/node_modules/react/index.js", "");
  expect(sources()).toContain(path);
  expect(sources()).not.toContain("/app/node_modules/react/index.js");
  loadedFiles.clear();
});

test("a folder or a pipe named .env is no error, and a file in its place has an effect", async () => {
  await using own = await Copy.make();
  await mkdir(join(own.folder, ".env"));
  if (process.platform !== "win32") Bun.spawnSync(["mkfifo", ".env.local"], { cwd: own.folder });
  await using service = await startDev(own.folder);
  await rm(join(own.folder, ".env"), { recursive: true });
  await own.write(".env", "DEV_HOSTS=added.example\n");
  await until("the server has the variable", async () => {
    const headers = { host: "added.example" };
    return (await fetch(`${service.url}/api/state`, { headers })).ok;
  });
});

// Every supported kind of import works in development and in production, and has types.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { browserTest, counter, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev, startProduction, until } from "./service.ts";

const FOLDER = "src/page/everything";
/** Files that are too large for the bundler to inline, by extension and content type. */
const binaries = { png: "image/png", woff2: "font/woff2", mp4: "video/mp4" } as const;
const component = `
import { lazy, Suspense, useState } from "react";
import "./plain.css";
import font from "./font.woff2";
import data, { list } from "./data.json";
import json5 from "./data.json5";
import yaml from "./data.yaml";
import styles from "./styles.module.css";
import text from "./text.txt";
import picture from "./picture.png";
import icon from "../icon.svg";
import video from "./video.mp4";

const Later = lazy(() => import("./Later.tsx"));

export function Everything() {
  const [reply, setReply] = useState("");
  const [isOpen, setOpen] = useState(false);
  const ask = () => {
    // Not new URL("./missing.ts", import.meta.url)
    const worker = new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => setReply(data);
    worker.postMessage("ping");
  };
  const home = new URL("./icons.svg#home", import.meta.url).href;
  const numbers = new URL("./numbers.json", import.meta.url).href;
  return (
    <section className={styles.outer}>
      <p id="plain">{data.title} {list.length} {text} {json5.limit} {yaml.limit} {String("a" in data)}</p>
      <a id="home" href={home}>home</a>
      {[font, picture, icon, video, numbers].map((url) => <a key={url} className="asset" href={url}>asset</a>)}
      <button type="button" id="ask" onClick={ask}>{reply || "ask"}</button>
      <button type="button" id="open" onClick={() => setOpen(true)}>open</button>
      {isOpen && <Suspense><Later /></Suspense>}
    </section>
  );
}
`;
const files: Readonly<Record<string, string>> = {
  "Everything.tsx": component,
  "Later.tsx": "export default function Later() {\n  return <p>loaded later</p>;\n}\n",
  "plain.css": "#plain { outline: 3px solid rgb(1, 2, 3); }\n",
  "styles.module.css":
    '\uFEFF.box { composes: base from "base.module.css"; color: rgb(4, 5, 6); background: url("picture.png?v=1#top"); }\n' +
    '.inner { composes: box; filter: url("#filter"); }\n.a { composes: b; } .b { composes: a; }\n.outer { composes: inner; grid-area: main; cursor: url("data:image/gif;base64,R0lGODlhAQABAAAAACw="), auto; }\n',
  "base.module.css":
    '.unused { composes: box from "./styles.module.css"; } .base { outline: 5px solid rgb(7, 8, 9); }\n',
  "data.json": '\uFEFF{ "title": "of JSON", "list": [1, 2], "__proto__": { "a": 1 } }',
  "numbers.json": "[1, 2]",
  "data.json5": "{ limit: Infinity }",
  "data.yaml": "limit: .nan",
  "icons.svg": '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="home" /></svg>',
  "text.txt": "of text",
  "worker.ts":
    'import { reply } from "./reply.ts";\nself.onmessage = ({ data }) => self.postMessage(reply(data));\n',
  "reply.ts": "export const reply = (text: string) => `$" + "{text} pong`;\n",
};
let copy: Copy;

beforeAll(async () => {
  copy = await Copy.make();
  for (const [name, text] of Object.entries(files)) await copy.write(`${FOLDER}/${name}`, text);
  for (const ending of Object.keys(binaries)) {
    const name = { png: "picture", woff2: "font", mp4: "video" }[ending];
    const bytes = crypto.getRandomValues(new Uint8Array(40_000));
    await Bun.write(join(copy.folder, FOLDER, `${name}.${ending}`), bytes);
  }
  const app = await copy.read("src/page/App.tsx");
  const importing = 'import { Everything } from "./everything/Everything.tsx";\n';
  await copy.write("src/page/App.tsx", importing + app.replace("</main>", "<Everything /></main>"));
});

afterAll(() => copy?.[Symbol.asyncDispose]());

const style = (selector: string, property: string) =>
  `getComputedStyle(document.querySelector("${selector}")).${property}`;

async function expectEverything(tab: Tab): Promise<void> {
  await tab.shows("of JSON 2 of text Infinity NaN false");
  await tab.waitFor(`${style("#plain", "outlineColor")} === "rgb(1, 2, 3)"`);
  await tab.waitFor(`${style("section", "color")} === "rgb(4, 5, 6)"`);
  await tab.waitFor(`${style("section", "outlineColor")} === "rgb(7, 8, 9)"`);
  await tab.waitFor(`${style("section", "backgroundImage")}.startsWith("url(")`);
  await tab.waitFor(`${style("section", "filter")} === 'url("#filter")'`);
  await tab.waitFor(`${style("section", "cursor")}.startsWith('url("data:image/gif')`);
  expect(await tab.evaluate(style("section", "gridRowStart"))).toBe("main");
  const types = await tab.evaluate(
    `Promise.all([...document.querySelectorAll(".asset")].map(async ({ href }) =>
      (await fetch(href)).headers.get("content-type").split(";")[0]))`,
  );
  expect(types).toEqual([
    "font/woff2",
    "image/png",
    "image/svg+xml",
    "video/mp4",
    "application/json",
  ]);
  const home =
    '(async ({ hash, href }) => hash + (await fetch(href)).status)(document.querySelector("#home"))';
  expect(await tab.evaluate(home)).toBe("#home200");
  await tab.click("#ask");
  await tab.shows("ping pong");
  await tab.click("#open");
  await tab.shows("loaded later");
}

test("the imports have types", async () => {
  const command = [process.execPath, "x", "tsc", "--noEmit"];
  const child = Bun.spawn(command, { cwd: copy.folder, stdout: "pipe", stderr: "ignore" });
  expect(await new Response(child.stdout).text()).toBe("");
  expect(await child.exited).toBe(0);
});

describe("in development", () => {
  let dev: Service;
  let tab: Tab;
  afterAll(async () => {
    await tab?.[Symbol.asyncDispose]();
    await dev?.[Symbol.asyncDispose]();
  });

  browserTest("every kind of import works", async () => {
    dev = await startDev(copy.folder);
    tab = await Tab.openDev(dev);
    await expectEverything(tab);
    expect(dev.printed()).not.toContain("rror");
  });

  browserTest("an edited CSS Module is applied, and the page keeps its state", async () => {
    await tab.click("#page-counter");
    await tab.waitFor(`${counter("page-counter")} === "1"`);
    const foreign = '@import "https://example.invalid/font.css"; .box';
    await copy.edit(`${FOLDER}/styles.module.css`, ".box", foreign);
    await copy.edit(`${FOLDER}/styles.module.css`, "rgb(4, 5, 6)", "rgb(40, 50, 60)");
    await tab.waitFor(`${style("section", "color")} === "rgb(40, 50, 60)"`);
    await copy.edit(`${FOLDER}/base.module.css`, "rgb(7, 8, 9)", "rgb(70, 80, 90)");
    await tab.waitFor(`${style("section", "outlineColor")} === "rgb(70, 80, 90)"`);
    expect(await tab.evaluate(counter("page-counter"))).toBe("1");
  });

  browserTest("an edited YAML file is shown after a reload", async () => {
    await copy.write(`${FOLDER}/data.yaml`, "limit: -.inf");
    await tab.shows("of text Infinity -Infinity");
    await tab.connected(dev);
  });

  browserTest("a CSS Module that does not parse shows the overlay until it is fixed", async () => {
    await copy.edit(`${FOLDER}/styles.module.css`, "{ composes", "} composes");
    await tab.overlayShows("styles.module.css");
    await copy.edit(`${FOLDER}/styles.module.css`, "} composes", "{ composes");
    await tab.waitFor(`!${overlay}`);
    await tab.waitFor(`${style("section", "color")} === "rgb(40, 50, 60)"`);
  });

  browserTest("an edit of a module that a worker imports takes effect", async () => {
    await copy.edit(`${FOLDER}/reply.ts`, "pong", "pang");
    await until("the new worker replies", async () => {
      await tab.evaluate('document.querySelector("#ask").click()');
      return String(await tab.evaluate("document.body.innerText")).includes("ping pang");
    });
  });
});

browserTest("a worker that does not build shows the overlay until it is fixed", async () => {
  await using own = await Copy.make();
  await using service = await startDev(own.folder);
  await using page = await Tab.openDev(service);
  await own.write("src/page/worker.ts", "const x = (\n");
  const app = await own.read("src/page/App.tsx");
  const worker = 'new Worker(new URL("./worker.ts", import.meta.url));';
  await own.write("src/page/App.tsx", `${worker}\n${app}`);
  await page.overlayShows("worker.ts");
  await own.write("src/page/App.tsx", app.replace("Before any edit.", "Without a worker."));
  await page.shows("Without a worker.");
  await page.waitFor(`!${overlay}`);
  await own.write("src/page/App.tsx", `${worker}\n${app}`);
  await page.overlayShows("worker.ts");
  await own.write("src/page/worker.ts", "export {};\n");
  await page.shows("Before any edit.");
  await page.waitFor(`!${overlay}`);
});

browserTest("a worker that starts a worker is reported until it does not", async () => {
  await using own = await Copy.make();
  await using service = await startDev(own.folder);
  await using page = await Tab.openDev(service);
  await own.write("src/page/inner.ts", "export {};\n");
  const nested = 'new Worker(new URL("./inner.ts", import.meta.url));';
  await own.write("src/page/nested.ts", `export const start = () => ${nested}\n`);
  await own.write("src/page/worker.ts", 'import { start } from "./nested.ts";\nstart();\n');
  const app = await own.read("src/page/App.tsx");
  const worker = 'new Worker(new URL("./worker.ts", import.meta.url));';
  await own.write("src/page/App.tsx", `${worker}\n${app}`);
  await page.overlayShows("src/page/nested.ts: new URL(…, import.meta.url) does not work");
  await own.write("src/page/nested.ts", "export const start = () => undefined;\n");
  await page.waitFor(`!${overlay}`);
  await page.shows("Before any edit.");
});

browserTest("an edit reaches the values that other modules derive from it", async () => {
  await using own = await Copy.make();
  await own.write("src/page/parts/size.ts", "export const size = 2;\n");
  const area = 'import { size } from "./size.ts";\nexport const area = size * size;\n';
  await own.write("src/page/parts/area.ts", area);
  await own.write("src/page/parts/index.ts", 'export * from "./area.ts";\n');
  const app = (await own.read("src/page/App.tsx")).replace("</main>", "area {area}</main>");
  await own.write("src/page/App.tsx", `import { area } from "./parts/index.ts";\n${app}`);
  await using service = await startDev(own.folder);
  await using page = await Tab.openDev(service);
  await page.shows("area 4");
  await page.click("#page-counter");
  await page.waitFor(`${counter("page-counter")} === "1"`);
  await own.write("src/page/parts/size.ts", "export const size = 3;\n");
  await page.shows("area 9");
  expect(await page.evaluate(counter("page-counter"))).toBe("1");
});

browserTest("an edit of a hook, or of a module with hot data, reaches the page", async () => {
  await using own = await Copy.make();
  const hook = (calls: string) =>
    `import { useState } from "react";\nexport const useText = <T>(value: T) => [value, ${calls}].join();\n`;
  await own.write("src/page/text.ts", hook('useState("one")[0]'));
  const unit = 'import.meta.hot.data.set = true;\nexport const unit = "px";\n';
  await own.write("src/page/unit.ts", unit);
  // Unlike other components, it renders only when its own props or its code change.
  const unitBox =
    'import { memo } from "react";\nimport { unit } from "./unit.ts";\nexport const Unit = memo(() => <p>unit {unit}</p>);\n';
  await own.write("src/page/Unit.tsx", unitBox);
  const textBox =
    'import { useText } from "./text.ts";\nexport function Text() {\n  return <p>{useText("text")}</p>;\n}\n';
  await own.write("src/page/Text.tsx", textBox);
  const imports = 'import { Text } from "./Text.tsx";\nimport { Unit } from "./Unit.tsx";\n';
  const app = (await own.read("src/page/App.tsx")).replace("</main>", "<Text /><Unit /></main>");
  await own.write("src/page/App.tsx", imports + app);
  await using service = await startDev(own.folder);
  await using page = await Tab.openDev(service);
  await page.shows("text,one");
  await page.click("#page-counter");
  await page.waitFor(`${counter("page-counter")} === "1"`);
  await own.write("src/page/unit.ts", unit.replace("px", "em"));
  await page.shows("unit em");
  await own.write("src/page/text.ts", hook('useState("two")[0] + useState("three")[0]'));
  await page.shows("text,twothree");
  expect(await page.evaluate(counter("page-counter"))).toBe("1");
});

browserTest("values derived from an edited module and from each other fit together", async () => {
  await using own = await Copy.make();
  await own.write("src/page/size.ts", "export const size = 2;\n");
  const double = 'import { size } from "./size.ts";\nexport const double = size * 2;\n';
  await own.write("src/page/double.ts", double);
  const triple =
    'import { size } from "./size.ts";\nimport { double } from "./double.ts";\nexport const triple = await Promise.resolve(size + double);\n';
  await own.write("src/page/triple.ts", triple);
  const imports =
    'import { size } from "./size.ts";\nimport { double } from "./double.ts";\nimport { triple } from "./triple.ts";';
  const app = (await own.read("src/page/App.tsx")).replace("</main>", "sizes {sizes}</main>");
  const sizes = "const sizes = [size, double, triple].join();";
  await own.write("src/page/App.tsx", `${imports}\n${app}\n${sizes}\n`);
  await using service = await startDev(own.folder);
  await using page = await Tab.openDev(service);
  await page.shows("sizes 2,4,6");
  await page.click("#page-counter");
  await page.waitFor(`${counter("page-counter")} === "1"`);
  await own.write("src/page/size.ts", "export const size = 3;\n");
  await page.shows("sizes 3,6,9");
  expect(await page.evaluate(counter("page-counter"))).toBe("1");
});

browserTest("a module that imports another one through their index.ts works", async () => {
  await using own = await Copy.make();
  await own.write(
    "src/page/parts/index.ts",
    'export { default as First } from "./First.tsx";\nexport * from "./more/index.ts";\n',
  );
  await own.write("src/page/parts/more/index.ts", 'export * from "./second.tsx";\n');
  const first = "export default function First() {\n  return <p>Before.</p>;\n}\n";
  await own.write("src/page/parts/First.tsx", first);
  await own.write(
    "src/page/parts/more/second.tsx",
    'import { memo } from "react";\nimport { First } from "../index.ts";\nexport const Second = memo(First);\n',
  );
  const app = (await own.read("src/page/App.tsx")).replace("</main>", "<Second /></main>");
  await own.write("src/page/App.tsx", `import { Second } from "./parts/index.ts";\n${app}`);
  await using service = await startDev(own.folder);
  await using page = await Tab.openDev(service);
  await page.shows("Before.");
  await page.click("#page-counter");
  await page.waitFor(`${counter("page-counter")} === "1"`);
  await own.write("src/page/parts/First.tsx", first.replace("Before.", "After."));
  await page.shows("After.");
  expect(await page.evaluate(counter("page-counter"))).toBe("1");
  expect(page.console).toEqual([]);
});

describe("in production", () => {
  browserTest("every kind of import works, and the console stays empty", async () => {
    for (const [name, text] of Object.entries(files)) await copy.write(`${FOLDER}/${name}`, text);
    await copy.build();
    await using service = await startProduction(copy.folder);
    await using tab = await Tab.open(service.url);
    await expectEverything(tab);
    expect(tab.console).toEqual([]);
  });
});

test("web workers leave no temporary files, also after a restart of the bundler", async () => {
  await using own = await Copy.make();
  await own.write("src/page/worker.ts", files["worker.ts"] ?? "");
  await own.write("src/page/reply.ts", files["reply.ts"] ?? "");
  const worker = 'new Worker(new URL("./worker.ts", import.meta.url));';
  await own.edit("src/page/main.tsx", "if (", `${worker}\nif (`);
  const temporary = join(own.folder, "temporary");
  await mkdir(temporary);
  await using dev = await startDev(own.folder, { TMPDIR: temporary });
  expect((await fetch(dev.url)).status).toBe(200);
  await own.write(".env", "PUBLIC_NOTE=changed\n");
  await until("it restarts", () => dev.printed().includes("restarting the bundler"));
  expect((await fetch(dev.url)).status).toBe(200);
  dev.child.kill("SIGINT");
  expect(await dev.child.exited).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
});

test("a worker that is used twice is bundled once, and an edit during the build is not missed", async () => {
  await using own = await Copy.make();
  const worker = 'new Worker(new URL("./worker.ts", import.meta.url));';
  await own.write("src/page/worker.ts", "export {};\n");
  for (const name of ["one", "two"])
    await own.write(`src/page/${name}.ts`, `${worker}\n${worker}\n`);
  const script = `
    import { appendFileSync } from "node:fs";
    import { resolve } from "node:path";
    import { loadedFiles, versionOf } from "./src/dev/workarounds/source-files.ts";
    import moduleUrls from "./src/dev/workarounds/module-urls.ts";
    const path = resolve("src/page/worker.ts");
    const { spawn } = Bun;
    let bundled = 0;
    Bun.spawn = (...options) => {
      bundled += 1;
      const child = spawn(...options);
      appendFileSync(path, "// edited");
      return child;
    };
    let load;
    moduleUrls.setup({ onLoad: (_, callback) => (load = callback) });
    const modules = ["one", "two"].map((name) => resolve("src/page", name + ".ts"));
    await Promise.all(modules.map((path) => load({ path, loader: "ts" })));
    console.log(bundled, loadedFiles.has(path), loadedFiles.get(path) === versionOf(path));`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    cwd: own.folder,
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "development" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await new Response(child.stderr).text()).toBe("");
  expect(await new Response(child.stdout).text()).toBe("1 true false\n");
});

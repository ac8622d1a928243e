// The dev servers of Bun and Vite: a changed content file updates the page, and an invalid one shows its code frame.
import { describe, expect, setDefaultTimeout } from "bun:test";
import { dirname, join } from "node:path";
import { browserTest, Tab } from "./browser.ts";
import { COMMAND_TIMEOUT, hasNode } from "./command.ts";
import { Folder } from "./folder.ts";
import { HOST_FILES, type Host, pluginsFile } from "./hosts.ts";
import { until } from "./until.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const vite = dirname(Bun.resolveSync("vite/package.json", import.meta.dir));

interface DevServer {
  readonly entry: Host["entry"];
  readonly command: readonly string[];
  /** Selector of the code frame in the error overlay. */
  readonly frame: string;
}

const servers: Readonly<Record<string, DevServer>> = {
  Bun: {
    entry: "index",
    command: [process.execPath, "server.ts"],
    frame: `[...document.querySelector("bun-hmr")?.shadowRoot?.querySelectorAll(".message-desc code") ?? []].at(-1)`,
  },
  ...(hasNode && {
    Vite: {
      entry: "vite",
      command: ["node", join(vite, "bin/vite.js"), "--host", "127.0.0.1", "--port", "0"],
      frame: `document.querySelector("vite-error-overlay")?.shadowRoot?.querySelector(".frame")`,
    },
  }),
};

const FILES = {
  ...HOST_FILES,
  "server.ts": `import page from "./index.html";
const server = Bun.serve({ port: 0, development: true, routes: { "/": page } });
console.log(String(server.url));
`,
  "index.html": `<p id="rows"></p><script type="module" src="./main.ts"></script>\n`,
  "main.ts": `import rows from "./rows.jsonl";
const show = (rows) => { document.querySelector("#rows").textContent = rows.join(); };
show(rows);
if (import.meta.hot) import.meta.hot.accept("./rows.jsonl", (changed) => show(changed.default));
`,
  "rows.jsonl": "1\n2\n",
};

const ROWS = `document.querySelector("#rows")?.textContent`;

const POLLS_PER_SAVE = 100;

/** Saves files until the page shows them: on a busy machine, the watchers of both servers may miss a save. */
async function save(
  project: Folder,
  tab: Tab,
  files: Readonly<Record<string, string>>,
  expression: string,
  wanted: unknown,
): Promise<void> {
  let polls = 0;
  const read = async () => {
    if (polls++ % POLLS_PER_SAVE === 0) await project.write(files);
    return await tab.evaluate(expression);
  };
  await until(expression, read, wanted);
}

describe.each(Object.entries(servers))("%s", (_, { entry, command, frame }) => {
  browserTest("a change updates the page without a reload", async () => {
    using project = new Folder();
    await project.write({ ...FILES, "plugins.ts": pluginsFile(entry, "content.jsonl()") });
    await using server = await start(project.path, command);
    await using tab = await Tab.open(server.url);
    await tab.waitFor(ROWS, "1,2");
    await tab.evaluate("window.isSamePage = true");
    await save(project, tab, { "rows.jsonl": "3\n" }, ROWS, "3");
    expect(await tab.evaluate("window.isSamePage")).toBe(true);
  });

  browserTest("an error shows its code frame until it is fixed", async () => {
    using project = new Folder();
    const invalid = { "rows.jsonl": "1\n {a: 1}\n" };
    await project.write({
      ...FILES,
      ...invalid,
      "plugins.ts": pluginsFile(entry, "content.jsonl()"),
    });
    await using server = await start(project.path, command);
    await using tab = await Tab.open(server.url);
    const hasFrame = `${frame}?.textContent.includes("1 | 1\\n> 2 |  {a: 1}\\n    |  ^^^^^^")`;
    await tab.waitFor(hasFrame, true);
    await tab.waitFor(`getComputedStyle(${frame}).whiteSpace.startsWith("pre")`, true);
    expect(await tab.evaluate(`getComputedStyle(${frame}).fontFamily`)).toContain("monospace");
    await save(project, tab, { "rows.jsonl": "1\n2\n" }, ROWS, "1,2");
    await tab.waitFor(`${frame} === undefined`, true);

    await save(project, tab, invalid, hasFrame, true);
    await save(project, tab, { "rows.jsonl": "3\n" }, ROWS, "3");
    await tab.waitFor(`${frame} === undefined`, true);
  });
});

interface Server extends AsyncDisposable {
  readonly url: URL;
}

/** Starts a server, and waits until it prints its address. */
async function start(cwd: string, command: readonly string[]): Promise<Server> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...Bun.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let printed = "";
  const read = async () => {
    // Reads until the process exits, because a closed pipe would end the server.
    for await (const chunk of child.stdout) printed += new TextDecoder().decode(chunk);
  };
  const end = read();
  const address = () => /http:\S+(?=\s)/.exec(printed)?.[0];
  await until(
    "the server has printed its address or ended",
    () => address() !== undefined || child.exitCode !== null,
  );
  return {
    url: new URL(address() ?? `the server ended:\n${printed}`),
    async [Symbol.asyncDispose]() {
      child.kill();
      await Promise.all([child.exited, end]);
    },
  };
}

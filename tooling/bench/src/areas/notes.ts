// The figures of docs/bun-notes.md: Bun and Node.js do the same small work.
import { join } from "node:path";
import type { Area, Bench, Contestant } from "../area.ts";
import { runCommand, timeCommand } from "../command.ts";
import { httpLoad } from "../load.ts";
import { PEERS } from "../peers.ts";
import type { Run } from "../run.ts";
import { startService } from "../service.ts";

const MODULES = 100;
const own = (program: string) => join(import.meta.dir, "notes", program);
const peer = (program: string) => join(PEERS, "notes", program);

/** Times a process that does nothing but start. */
const starting =
  (command: string): Contestant =>
  async ({ folder }) => {
    const program = join(folder, "empty.js");
    await Bun.write(program, "");
    return () => timeCommand([command, program], { cwd: folder });
  };

/** Reads the number that a program prints. */
const printing =
  (...command: readonly string[]): Contestant =>
  ({ folder }) =>
  async () =>
    Number(await runCommand(command, { cwd: folder }));

/** Writes modules that each export a function, once for `require` and once for `import`. */
async function writeModules({ folder }: Run): Promise<void> {
  const names = Array.from({ length: MODULES }, (_, index) => `m${index}`);
  for (const name of names) {
    const body = `function ${name}(a, b) { return [a, b].map((x) => x * 2).join(); }`;
    await Bun.write(join(folder, `${name}.cjs`), `module.exports = { ${name} };\n${body}\n`);
    await Bun.write(join(folder, `${name}.mjs`), `export ${body}\n`);
  }
  const timed = (load: string) =>
    `const started = performance.now();\n${load}\nconsole.log(performance.now() - started);\n`;
  const required = names.map((name) => `require("./${name}.cjs");`).join("\n");
  await Bun.write(join(folder, "require.cjs"), timed(required));
  const imported = names.map((name) => `import "./${name}.mjs";`).join("\n");
  await Bun.write(join(folder, "imports.mjs"), imported);
  await Bun.write(join(folder, "import.mjs"), timed('await import("./imports.mjs");'));
}

const modules: Bench = {
  unit: "ms",
  prepare: writeModules,
  contestants: {
    "Bun, import": printing("bun", "import.mjs"),
    "Bun, require": printing("bun", "require.cjs"),
    "Node.js, import": printing("node", "import.mjs"),
    "Node.js, require": printing("node", "require.cjs"),
  },
};

/** Requests per second of a server that answers with a short text. */
const serving =
  (...command: readonly string[]): Contestant =>
  async (run) => {
    const { url } = await run.start(command);
    return () => httpLoad(url, { seconds: run.seconds });
  };

/** Memory of a server that has just started, in MiB. */
const idling =
  (...command: readonly string[]): Contestant =>
  ({ folder }) =>
  async () => {
    await using service = await startService(command, {}, folder);
    const status = await Bun.file(`/proc/${service.process.pid}/status`).text();
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  };

export const area: Area = {
  description: "The figures of docs/bun-notes.md: Bun against Node.js",
  peers: ["better-sqlite3"],
  benches: {
    startup: { unit: "ms", contestants: { Bun: starting("bun"), "Node.js": starting("node") } },
    modules,
    http: {
      unit: "req/s",
      contestants: {
        "Bun.serve": serving("bun", own("http.ts")),
        "node:http on Node.js": serving("node", peer("http.js")),
      },
    },
    "sqlite-inserts": {
      unit: "rows/s",
      contestants: {
        "bun:sqlite": printing("bun", own("inserts.ts")),
        "better-sqlite3 on Node.js": printing("node", peer("inserts.js")),
      },
    },
    "read-file": {
      unit: "files/s",
      contestants: {
        "Bun.file().text()": printing("bun", own("read-file.ts")),
        "readFile in Bun": printing("bun", peer("read-file.js")),
        "readFile in Node.js": printing("node", peer("read-file.js")),
      },
    },
    memory: {
      unit: "MiB",
      contestants: {
        "Bun.serve": idling("bun", own("http.ts")),
        "node:http on Node.js": idling("node", peer("http.js")),
      },
    },
    buffers: {
      unit: "buffers/s",
      contestants: {
        "a pool of 64 KiB": printing("bun", own("buffers.ts"), "pool"),
        "allocUnsafe(64 KiB)": printing("bun", own("buffers.ts"), "allocUnsafe"),
        "alloc(64 KiB)": printing("bun", own("buffers.ts"), "alloc"),
      },
    },
  },
  figures: [],
};

// Runs a program that imports content in each host.
import { dirname, join } from "node:path";
import { build as esbuild } from "esbuild";
import { rolldown } from "rolldown";
import { rollup } from "rollup";
import { bun, command, hasNode, type Outcome } from "./command.ts";

/** The output of the program, or the error of the host. */
export type Loaded = { readonly printed: string } | { readonly failure: string };

export interface Host {
  /** True if this machine cannot run it. */
  readonly isMissing?: boolean;
  /** The entry of the package for this host. */
  readonly entry: "index" | "rollup" | "vite";
  /** The number of the first column in its errors. */
  readonly firstColumn: 0 | 1;
  /** Loads and runs `entry.ts` of a project whose `plugins.ts` exports a list of plugins by default. */
  readonly load: (project: string) => Promise<Loaded>;
}

const SRC = join(import.meta.dir, "../src");

/** Configures the hosts that read files. `plugins.ts` is written by each test. */
export const HOST_FILES = {
  "plugin.ts": `import plugins from "./plugins.ts";
export default { name: "all", setup(build) { for (const plugin of plugins) plugin.setup(build); } };
`,
  "register.ts": `import plugin from "./plugin.ts";\nBun.plugin(plugin);\n`,
  "bunfig.toml": `preload = ["./register.ts"]

[test]
preload = ["./register.ts"]

[serve.static]
plugins = ["./plugin.ts"]
`,
  "entry.test.ts": `import { test } from "bun:test";\ntest("it loads", () => import("./entry.ts"));\n`,
  "page.html": `<script type="module" src="./entry.ts"></script>\n`,
  "serve.ts": `import page from "./page.html";

const server = Bun.serve({ port: 0, development: false, routes: { "/": page } });
const response = await fetch(server.url);
const script = /src="(.+?)"/.exec(await response.text())?.[1];
if (script) await Bun.write("out/entry.js", await fetch(new URL(script, server.url)));
process.exit(script ? 0 : 1);
`,
  "vite.config.ts": `import plugins from "./plugins.ts";
export default {
  plugins,
  build: { outDir: "out", lib: { entry: "entry.ts", formats: ["es"], fileName: () => "entry.js" } },
};
`,
  "package.json": `{ "type": "module" }`,
};

/** Returns the text of `plugins.ts`. In `list`, the expressions of the plugins, `content` is the entry of the package. */
export function pluginsFile(entry: Host["entry"] | "plugin", list: string): string {
  const zod = Bun.resolveSync("zod", import.meta.dir);
  return `import * as content from ${JSON.stringify(join(SRC, `${entry}.ts`))};
import { z } from ${JSON.stringify(zod)};
export default [${list}];
`;
}

export const hosts: Readonly<Record<string, Host>> = {
  "Bun.plugin, in bun run": {
    entry: "index",
    firstColumn: 1,
    load: async (project) => toLoaded(await bun(project, "entry.ts")),
  },
  "Bun.plugin, in bun test": {
    entry: "index",
    firstColumn: 1,
    async load(project) {
      const { stdout, ...rest } = await bun(project, "test", "entry.test.ts");
      return toLoaded({ ...rest, stdout: stdout.replace(/^bun test .*\n/, "") });
    },
  },
  "Bun.build": {
    entry: "index",
    firstColumn: 1,
    async load(project) {
      const plugins = await pluginsOf(project);
      try {
        await Bun.build({
          entrypoints: [join(project, "entry.ts")],
          outdir: join(project, "out"),
          minify: true,
          plugins,
        });
      } catch (error) {
        const errors = error instanceof AggregateError ? error.errors : [error];
        return { failure: errors.map(({ message }) => message).join("\n") };
      }
      return runBundle(project);
    },
  },
  "Bun.serve": {
    entry: "index",
    firstColumn: 1,
    async load(project) {
      const served = await bun(project, "serve.ts");
      return served.exitCode === 0 ? runBundle(project) : toLoaded(served);
    },
  },
  esbuild: {
    entry: "index",
    firstColumn: 0,
    load: (project) =>
      bundle(project, async (plugins, input, file) => {
        await esbuild({
          entryPoints: [input],
          outfile: file,
          bundle: true,
          format: "esm",
          minify: true,
          charset: "utf8",
          logLevel: "silent",
          plugins,
        });
      }),
  },
  Rollup: {
    // The bundle needs Node.js: Bun would first preload the project's plugins, which are not for Bun.
    isMissing: !hasNode,
    entry: "rollup",
    firstColumn: 1,
    load: (project) =>
      bundle(project, async (plugins, input, file) => {
        const bundle = await rollup({ input, plugins });
        await bundle.write({ file, format: "es" });
      }),
  },
  Rolldown: {
    isMissing: !hasNode,
    entry: "rollup",
    firstColumn: 1,
    load: (project) =>
      bundle(project, async (plugins, input, file) => {
        const bundle = await rolldown({ input, plugins, logLevel: "silent" });
        await bundle.write({ file, format: "es" });
      }),
  },
  "Vite, on Node.js": {
    isMissing: !hasNode,
    entry: "vite",
    firstColumn: 1,
    async load(project) {
      const vite = dirname(Bun.resolveSync("vite/package.json", import.meta.dir));
      const built = await command(project, ["node", join(vite, "bin/vite.js"), "build"]);
      return built.exitCode === 0 ? runBundle(project) : toLoaded(built);
    },
  },
};

// biome-ignore lint/suspicious/noExplicitAny: each host has its own type of plugins
type AnyPlugin = any;

async function bundle(
  project: string,
  write: (plugins: AnyPlugin[], input: string, file: string) => Promise<void>,
): Promise<Loaded> {
  try {
    await write(await pluginsOf(project), join(project, "entry.ts"), join(project, "out/entry.js"));
  } catch (error) {
    const { message, frame = "" } = error as { message: string; frame?: string };
    return { failure: `${message}\n${frame}` };
  }
  return runBundle(project);
}

async function runBundle(project: string): Promise<Loaded> {
  const runtime = hasNode ? "node" : process.execPath;
  return toLoaded(await command(project, [runtime, "out/entry.js"]));
}

async function pluginsOf(project: string): Promise<AnyPlugin[]> {
  return (await import(join(project, "plugins.ts"))).default;
}

function toLoaded({ exitCode, stdout, stderr }: Outcome): Loaded {
  return exitCode === 0 ? { printed: stdout.trim() } : { failure: stdout + stderr };
}

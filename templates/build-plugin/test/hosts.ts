// The hosts of a plugin: each loads a program that imports content, and runs it.
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import type { LoaderPlugin } from "../src/index.ts";
import { bun, command, type Outcome } from "./command.ts";

/** What the program printed, or why it could not be loaded. */
export type Loaded = { readonly printed: string } | { readonly failure: string };

/** Loads and runs `entry.ts` of a project whose `plugin.ts` exports the plugin by default. */
export type Host = (project: string) => Promise<Loaded>;

/** How the hosts that are configured by files come to the plugin. */
export const HOST_FILES = {
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

const serve = (development: boolean) =>
  Bun.serve({ port: 0, development, routes: { "/": page } });

const server = serve(false);
const response = await fetch(server.url);
if (!response.ok) await fetch(serve(true).url); // prints why
const script = /src="(.+?)"/.exec(await response.text())?.[1];
if (script) await Bun.write("out-serve/entry.js", await fetch(new URL(script, server.url)));
process.exit(script ? 0 : 1);
`,
};

export const hosts: Readonly<Record<string, Host>> = {
  "Bun.plugin, in bun run": async (project) => loaded(await bun(project, "entry.ts")),

  "Bun.plugin, in bun test": async (project) => {
    const { stdout, ...rest } = await bun(project, "test", "entry.test.ts");
    return loaded({ ...rest, stdout: stdout.replace(/^bun test .*\n/, "") });
  },

  "Bun.build": async (project) => {
    const { success, logs } = await Bun.build({
      entrypoints: [join(project, "entry.ts")],
      outdir: join(project, "out-bun"),
      minify: true,
      plugins: [await pluginOf(project)],
      throw: false,
    });
    if (!success) return { failure: logs.map(({ message }) => message).join("\n") };
    return loaded(await command(project, ["node", "out-bun/entry.js"]));
  },

  "Bun.serve": async (project) => {
    const served = await bun(project, "serve.ts");
    if (served.exitCode !== 0) return loaded(served);
    return loaded(await command(project, ["node", "out-serve/entry.js"]));
  },

  esbuild: async (project) => {
    try {
      await esbuild({
        entryPoints: [join(project, "entry.ts")],
        outfile: join(project, "out-esbuild/entry.js"),
        bundle: true,
        format: "esm",
        minify: true,
        charset: "utf8",
        logLevel: "silent",
        plugins: [await pluginOf(project)],
      });
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
    return loaded(await command(project, ["node", "out-esbuild/entry.js"]));
  },
};

async function pluginOf(project: string): Promise<LoaderPlugin> {
  const { default: plugin }: { default: LoaderPlugin } = await import(join(project, "plugin.ts"));
  return plugin;
}

function loaded({ exitCode, stdout, stderr }: Outcome): Loaded {
  return exitCode === 0 ? { printed: stdout.trim() } : { failure: stdout + stderr };
}

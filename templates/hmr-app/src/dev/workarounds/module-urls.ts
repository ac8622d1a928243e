// Defect: `new URL("./worker.ts", import.meta.url)` is not bundled: it is a file: URL in development, and a missing
// file in production.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/18601
// Workaround: a plugin, also of `bun run build`, that bundles the worker and imports its URL as that of a file.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { BunPlugin } from "bun";
import {
  recordUnwatchedLoad,
  reloadAfterError,
  SOURCE,
  SUFFIX,
  shorten,
  textOf,
  versionOf,
} from "./source-files.ts";

const SCRIPT_SOURCE = new RegExp(`${SOURCE.source}.*\\.[jt]sx?$`);
/** `new URL("./file", import.meta.url)`, unless its line is a comment. Group 2 is the path. */
const MODULE_URL =
  /(?<!^\s*(?:\/\/|\/?\*).*)new URL\(\s*(["'`])((?:\.{1,2}\/)*\w[^"'`$]*)\1\s*,\s*import\.meta\.url\s*,?\s*\)/gm;
const SCRIPT = /\.([cm]?[jt]sx?)$/;
const isProduction = process.env.NODE_ENV === "production";

export default {
  name: "module-urls",
  setup(build) {
    build.onLoad({ filter: SCRIPT_SOURCE }, async ({ path, loader }) => {
      // A bundled worker.
      if (outputs && path.startsWith(outputs)) return undefined;
      const contents = await reloadAfterError(path, () => replaceUrls(path, textOf(path)));
      return contents === undefined ? undefined : { contents, loader };
    });
  },
} satisfies BunPlugin;

/** Returns undefined if `code`, which is that of `path`, has no such URL. */
async function replaceUrls(path: string, code: string): Promise<string | undefined> {
  const files = moduleUrlsIn(path, code);
  if (files.length === 0) return undefined;
  const bundled = await Promise.all(
    files.map((file) => (SCRIPT.test(file) ? bundleOnce(file) : file)),
  );
  const imports = bundled.map((file, index) => {
    return `import moduleUrl${index} from ${JSON.stringify(file)} with { type: "file" };`;
  });
  const replaced = code.replace(MODULE_URL, (call, _, specifier) => {
    const index = files.indexOf(toFile(path, specifier));
    if (index < 0) return call;
    const [suffix = ""] = SUFFIX.exec(specifier) ?? [];
    return `new URL(moduleUrl${index} + ${JSON.stringify(suffix)}, location.href)`;
  });
  // The imports come last, so that the line numbers do not change.
  return [replaced, ...imports].join("\n");
}

/** Returns the paths of the files whose URLs are created in `code`, which is that of `path`. */
export function moduleUrlsIn(path: string, code: string): readonly string[] {
  const specifiers = [...code.matchAll(MODULE_URL)].map(([, , specifier = ""]) => specifier);
  const paths = specifiers.map((it) => [it, toFile(path, it)] as const);
  // Without `./`, it may also be the URL of a route.
  return paths.filter(([it, file]) => it.startsWith(".") || isFile(file)).map(([, file]) => file);
}

function toFile(importer: string, specifier: string): string {
  return resolve(dirname(importer), specifier.replace(SUFFIX, ""));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

let outputs: string | undefined;

function outputFolder(): string {
  if (outputs) return outputs;
  const folder = mkdtempSync(join(tmpdir(), "workers-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  outputs = folder;
  return folder;
}

/** The bundles of workers by source: those that are being built, and in production also the finished ones. */
const bundles = new Map<string, Promise<string>>();

/** Bundles a worker once, also if it is used several times: two processes would write the same files. */
function bundleOnce(file: string): Promise<string> {
  return bundles.getOrInsertComputed(file, () =>
    bundle(file).finally(() => {
      if (!isProduction) bundles.delete(file);
    }),
  );
}

/** Bundles in a child process, because a build that waits for another build never ends. @returns the path of the bundle. */
async function bundle(file: string): Promise<string> {
  const folder = join(outputFolder(), Bun.hash(file).toString(36));
  const name = basename(file).replace(SCRIPT, ".js");
  const metafile = join(folder, "inputs.json");
  const command = [process.execPath, "build", file, `--outfile=${join(folder, name)}`];
  const options = ["--target=browser", "--env=PUBLIC_*", `--metafile=${metafile}`];
  const mode = isProduction ? ["--production"] : ["--sourcemap=inline"];
  // Taken before the build, so that an edit during it counts as missed.
  const sources = [...new Bun.Glob("src/**").scanSync({ absolute: true })];
  const versions = new Map(sources.map((path) => [path, versionOf(path)]));
  const child = Bun.spawn([...command, ...options, ...mode], { stdout: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) {
    // The next edit of a file with an error builds the worker again, also if the file was missing.
    const invalid = [...errors.matchAll(/ at (\/.+?):\d+:\d+/g)].map(([, path = ""]) => path);
    for (const path of [file, ...invalid]) recordUnwatchedLoad(path, versions.get(path));
    throw new Error(errors);
  }
  const inputs = Object.keys((await Bun.file(metafile).json()).inputs).map((path) => resolve(path));
  for (const path of inputs) recordUnwatchedLoad(path, versions.get(path));
  const nested = inputs.find((path) => SOURCE.test(path) && textOf(path).search(MODULE_URL) >= 0);
  const reason = "new URL(…, import.meta.url) does not work in a worker: send it from the page";
  if (nested) throw new Error(`${shorten(nested)}: ${reason}.`);
  return join(folder, name);
}

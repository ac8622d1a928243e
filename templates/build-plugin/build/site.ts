// Builds the site: bundles its pages with `Bun.build`, with hashed names, source maps, integrity and a manifest.
import { lstatSync } from "node:fs";
import type { Files } from "../scripts/output.ts";
import { BuildFailure } from "./failure.ts";
import { pathsBelow, withoutDot } from "./files.ts";
import { readGraph } from "./imports.ts";
import { addIntegrity } from "./integrity.ts";
import { type Asset, manifestOf } from "./manifest.ts";
import type { Bundle } from "./report.ts";

export interface Site {
  /** By path relative to dist/site/, without the files of public/. */
  readonly files: Files;
  readonly manifest: Readonly<Record<string, Asset>>;
  readonly bundles: readonly Bundle[];
}

/** Returns the paths of the pages: the HTML files in site/. Those below `public/` are copied, not built. */
export function findPages(): string[] {
  return pathsBelow("site").filter((path) => /^site\/[^/]+\.html$/i.test(path));
}

/** The bundler would write a linked page to the path of its target, and `X.HTML` as `X.html`. */
export const isAllowedPage = (path: string): boolean =>
  isAllowedName(path) &&
  path.endsWith(".html") &&
  !lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();

/** @throws {BuildFailure} lists the pages that are not allowed */
export function refusePages(paths: readonly string[]): void {
  refuseNames(paths);
  const refused = paths.filter((path) => !isAllowedPage(path));
  if (refused.length === 0) return;
  throw new BuildFailure(
    `These files cannot be pages: ${refused.join(", ")}`,
    "Replace a symbolic link with a copy, or move it to site/public/. Write the extension as .html, in lower case.",
  );
}

/** Refuses characters with a meaning in URLs and HTML, because the bundler writes names there without escapes. */
const isAllowedName = (path: string): boolean => !/["#%&?\\]/.test(path);

/** @throws {BuildFailure} lists the names that are not allowed */
function refuseNames(paths: readonly string[]): void {
  const refused = paths.filter((path) => !isAllowedName(path));
  if (refused.length === 0) return;
  throw new BuildFailure(
    `These names are not allowed in a URL: ${refused.join(", ")}`,
    'Rename the files: the characters " # % & ? and \\ have a meaning in URLs and HTML.',
  );
}

/**
 * @param inputs paths of the files and folders that the cache tracks; an import of another file is refused
 * @throws {AggregateError} for mistakes in the sources, {BuildFailure} without pages, and for names and imports that are refused
 */
export async function buildSite(version: string, inputs: readonly string[]): Promise<Site> {
  const entrypoints = findPages();
  refusePages(entrypoints);
  if (entrypoints.length === 0) {
    throw new BuildFailure(
      "There is no page: site/ contains no .html file.",
      "Add site/index.html, or build only the library with `bun run build --only=library`.",
    );
  }
  const { default: content } = await import("../site/collections.ts");
  const bundle = Bun.build({
    entrypoints,
    root: "site",
    target: "browser",
    minify: true,
    splitting: true,
    sourcemap: "linked",
    define: { SITE_VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
    external: ["site:settings"], // the page's import map resolves it
    naming: {
      entry: "[dir]/[name].[ext]",
      chunk: "[name]-[hash].[ext]",
      asset: "[name]-[hash].[ext]",
    },
    plugins: [content],
    metafile: true,
  });
  const tracked = new Set(inputs.flatMap((path) => pathsBelow(path)));
  const library = [...tracked].filter((path) => path.startsWith("src/"));
  // The modules of the plugins, such as schemas, are not in the bundle. They are read while the bundler runs on its own threads.
  const [result, modules] = await Promise.all([
    bundle,
    readGraph(["site/collections.ts", ...library]),
  ]);
  if (result.metafile === undefined) throw new BuildFailure("The bundler gave no metafile.");
  refuseUntracked([...Object.keys(result.metafile.inputs), ...modules.keys()], tracked);
  refuseNames(result.outputs.map(({ path }) => path));
  const outputs = await Promise.all(
    result.outputs.map(
      async (output) =>
        [withoutDot(output.path), new Uint8Array(await output.arrayBuffer())] as const,
    ),
  );
  const assets = addIntegrity(new Map(outputs), result.metafile);
  return {
    files: assets,
    manifest: manifestOf(assets, result.metafile),
    bundles: bundlesOf(result.metafile),
  };
}

/** Refuses imports of other files than these: after an edit there, the cache would return stale output. */
function refuseUntracked(imported: readonly string[], tracked: ReadonlySet<string>): void {
  const untracked = imported.filter(
    (path) => !path.includes("node_modules/") && !tracked.has(path),
  );
  if (untracked.length === 0) return;
  throw new BuildFailure(
    `The sources import ${untracked.join(", ")}, which the cache does not track, so later edits there would be missed.`,
    "If a name starts with a dot, rename it. Otherwise add the folder to `SOURCE_FOLDERS` in build/pipeline.ts.",
  );
}

/** The modules in each bundle, largest first. */
function bundlesOf({ outputs }: Bun.BuildMetafile): readonly Bundle[] {
  return Object.entries(outputs)
    .map(([path, { inputs }]) => ({
      file: withoutDot(path),
      modules: Object.entries(inputs)
        .map(([module, { bytesInOutput }]) => ({ path: module, bytes: bytesInOutput }))
        .filter(({ bytes }) => bytes > 0)
        .toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1)),
    }))
    .filter(({ modules }) => modules.length > 0)
    .toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

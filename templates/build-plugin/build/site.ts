// Builds the site: bundles its pages with `Bun.build`, with hashed names, source maps, integrity and a manifest.
import { lazyPlugin } from "./content.ts";
import { BuildFailure } from "./failure.ts";
import { type Files, merge, readFolder, unlessGone, withoutDot } from "./files.ts";
import { readGraph } from "./imports.ts";
import { addIntegrity } from "./integrity.ts";
import { type Asset, manifestOf } from "./manifest.ts";
import type { Bundle } from "./report.ts";

export interface Site {
  /** By path relative to dist/site/. */
  readonly files: Files;
  readonly manifest: Readonly<Record<string, Asset>>;
  readonly bundles: readonly Bundle[];
}

/**
 * Returns the paths of the pages: the HTML files in site/. Those below `public/` are copied, not built.
 * @throws {BuildFailure} if a name is not allowed in a URL
 */
export function findPages(): string[] {
  const names = unlessGone(() => [...new Bun.Glob("*.html").scanSync("site")], []);
  const pages = names.map((name) => `site/${name}`).toSorted();
  refuseNames(pages);
  return pages;
}

/** Refuses names that a browser would change: the bundler writes them into pages and modules without escapes. */
function refuseNames(paths: readonly string[]): void {
  const refused = paths.filter((path) => /["#%&?\\]/.test(path));
  if (refused.length === 0) return;
  throw new BuildFailure(
    `These names are not allowed in a URL: ${refused.join(", ")}`,
    'Rename the files: the characters " # % & ? and \\ have a meaning in URLs and HTML.',
  );
}

/**
 * @param inputs files and folders that the site may import from: those in the cache's fingerprint
 * @throws {AggregateError} for mistakes in the sources, {BuildFailure} without pages, and for names and imports that are refused
 */
export async function buildSite(version: string, inputs: readonly string[]): Promise<Site> {
  const entrypoints = findPages();
  if (entrypoints.length === 0) {
    throw new BuildFailure(
      "There is no page: site/ contains no .html file.",
      "Add site/index.html, or build only the library with `bun run build --only=library`.",
    );
  }
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
    plugins: [lazyPlugin(() => import("../site/collections.ts"))],
    metafile: true,
  });
  // Read while the bundler runs, on its own threads.
  const [result, pluginModules] = await Promise.all([bundle, readGraph(["site/collections.ts"])]);
  if (result.metafile === undefined) throw new BuildFailure("The bundler gave no metafile.");
  refuseForeignImports([...Object.keys(result.metafile.inputs), ...pluginModules.keys()], inputs);
  refuseNames(result.outputs.map(({ path }) => path));
  const outputs = await Promise.all(
    result.outputs.map(
      async (output) =>
        [withoutDot(output.path), new Uint8Array(await output.arrayBuffer())] as const,
    ),
  );
  const assets = addIntegrity(new Map(outputs), result.metafile);
  return {
    files: merge("dist/site", {
      "site/public": readFolder("site/public"),
      "the build of site/*.html": assets,
    }),
    manifest: manifestOf(assets, result.metafile),
    bundles: bundlesOf(result.metafile),
  };
}

/** Refuses imports from outside the fingerprint: after an edit there, the cache would return stale output. */
function refuseForeignImports(paths: Iterable<string>, inputs: readonly string[]): void {
  const isKnown = (path: string) =>
    path.includes("node_modules/") ||
    inputs.some((input) => path === input || path.startsWith(`${input}/`));
  const foreign = [...paths].filter((path) => !isKnown(path));
  if (foreign.length === 0) return;
  throw new BuildFailure(
    `The site imports ${foreign.join(", ")}, which is not part of the cache's fingerprint.`,
    "Add the folder to `SOURCE_FOLDERS` in build/pipeline.ts.",
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

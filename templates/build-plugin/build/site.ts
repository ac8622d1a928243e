// The site: bundled from its HTML by `Bun.build`, with hashed names, source maps and a manifest.
import { BuildFailure } from "./failure.ts";
import { type Files, json, readFolder, sorted } from "./files.ts";
import { withIntegrity } from "./integrity.ts";
import { manifestOf } from "./manifest.ts";
import type { Bundle } from "./report.ts";

export interface SiteOptions {
  readonly folder: string;
  /** Replaces the identifiers in the source. */
  readonly define: Readonly<Record<string, string>>;
  /** Specifiers that the page's import map leads to. */
  readonly external: readonly string[];
  /** Folders that its imports may lead to, and that the cache therefore looks at. */
  readonly inputs: readonly string[];
  readonly plugin: Bun.BunPlugin;
}

export interface Site {
  /** Below site/. */
  readonly files: Files;
  readonly bundles: readonly Bundle[];
}

/** @throws {AggregateError} with a message for each thing that is wrong. */
export async function buildSite(options: SiteOptions): Promise<Site> {
  const { folder, define, external, plugin } = options;
  const result = await Bun.build({
    entrypoints: [`${folder}/index.html`],
    root: folder,
    target: "browser",
    minify: true,
    splitting: true,
    sourcemap: "linked",
    define: { ...define, "process.env.NODE_ENV": '"production"' },
    external: [...external],
    naming: {
      entry: "[dir]/[name].[ext]",
      chunk: "[name]-[hash].[ext]",
      asset: "[name]-[hash].[ext]",
    },
    plugins: [plugin],
    metafile: true,
  });
  if (result.metafile === undefined) throw new BuildFailure("The bundler gave no metafile.");
  refuseForeignInputs(Object.keys(result.metafile.inputs), options);
  const outputs = await Promise.all(
    result.outputs.map(
      async (output) => [bare(output.path), new Uint8Array(await output.arrayBuffer())] as const,
    ),
  );
  const assets = withIntegrity(new Map(outputs));
  const manifest = json(manifestOf(assets, result.metafile));
  const files = sorted([...readFolder(`${folder}/public`), ...assets, ["manifest.json", manifest]]);
  return { files, bundles: bundlesOf(result.metafile) };
}

/** The cache would not see a change of a file that it does not look at. */
function refuseForeignInputs(inputs: readonly string[], options: SiteOptions): void {
  const known = [options.folder, ...options.inputs].map((folder) => `${folder}/`);
  const foreign = inputs.filter(
    (path) => !path.includes("node_modules/") && !known.some((folder) => path.startsWith(folder)),
  );
  if (foreign.length === 0) return;
  throw new BuildFailure(
    `The site imports ${foreign.join(", ")}, which the cache does not look at.`,
    "Add the folder to `inputs` in build/pipeline.ts.",
  );
}

/** The modules in each bundle, largest first. */
function bundlesOf({ outputs }: Bun.BuildMetafile): readonly Bundle[] {
  return Object.entries(outputs)
    .map(([path, { inputs }]) => ({
      file: bare(path),
      modules: Object.entries(inputs)
        .map(([module, { bytesInOutput }]) => ({ path: module, bytes: bytesInOutput }))
        .filter(({ bytes }) => bytes > 0)
        .toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1)),
    }))
    .filter(({ modules }) => modules.length > 0)
    .toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

const bare = (path: string): string => path.replace(/^\.\//, "");

// The build, whole: each step comes from the cache if nothing that it reads has changed.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Budgets, keepBudgets } from "./budget.ts";
import { Cache } from "./cache.ts";
import { below, changedSince, type Files, fingerprint, json, sorted } from "./files.ts";
import { lazily } from "./lazy.ts";
import type { BuildOptions } from "./options.ts";
import type { Report } from "./report.ts";
import type { Site } from "./site.ts";
import { replaceFolder } from "./swap.ts";
import { table } from "./table.ts";

const DIST = "dist";
const CACHE = ".cache/build";
const REPORT = "report.json";
/** Decides how anything is built: after a change of it, everything is built again. */
const TOOLING = ["build.ts", "build", "package.json", "tsconfig.json", "tsconfig.library.json"];
/** All that is read, but packages: their versions are in the lockfile. */
export const INPUTS = [...TOOLING, "src", "site"];
/** How far the time of a file may be behind the clock: file systems count in ticks. */
const TICK_MS = 10;

/**
 * Builds into dist/, which changes all at once or not at all.
 * @returns what to tell: the table of sizes, and how long it took.
 * @throws what stopped it; dist/ is then as it was.
 */
export async function build(options: BuildOptions): Promise<string> {
  const started = performance.now();
  // What changes while it is built does not belong to the fingerprint: then nothing is kept.
  const begun = Date.now() - TICK_MS;
  const cache = new Cache(CACHE, () => !changedSince(begun, INPUTS));
  const keys = keysOf(options);
  const files = await cache.files(keys.dist, () => make(keys, cache, options));
  const before = await reportIn(DIST);
  const isNew = replaceFolder(DIST, files, CACHE);
  if (isNew) cache.prune();
  const report: Report = JSON.parse(new TextDecoder().decode(files.get(REPORT)));
  const took = `${Math.round(performance.now() - started)} ms`;
  return isNew
    ? `${table(report, before)}\n\nBuilt in ${took}. Open ${DIST}/report.html to see what is in it.`
    : `${table(report, undefined)}\n\nNothing has changed (${took}).`;
}

interface Keys {
  readonly dist: string;
  readonly library: string;
}

function keysOf(options: BuildOptions): Keys {
  const tooling = fingerprint([Bun.version, Bun.revision, lockfile()], TOOLING);
  const source = fingerprint(tooling, ["src"]);
  return {
    library: fingerprint(["library", source], []),
    dist: fingerprint(["dist", source, options], ["site"]),
  };
}

/** What dist/ is to hold. The library has an entry of its own in the cache: the compiler takes longest. */
async function make(keys: Keys, cache: Cache, { only, compress }: BuildOptions): Promise<Files> {
  const { version, budgets = {} } = await readManifest();
  // The imports are loaded while the compiler and the bundler work; a build that changes nothing does without.
  const [library, { files: assets, bundles }, { reportOf }, { page }] = await together([
    only === "site" ? NOTHING : cache.files(keys.library, makeLibrary),
    only === "library" ? { files: NOTHING, bundles: [] } : makeSite(version),
    import("./report.ts"),
    import("./page.ts"),
  ]);
  const small = compress ? await makeCompressed(assets, cache) : NOTHING;
  const files = sorted([
    ...below("library", library),
    ...below("site", assets),
    ...below("site", small),
  ]);
  const report = reportOf(files, bundles);
  keepBudgets(budgets, report, only === undefined);
  return sorted([...files, [REPORT, json(report)], ["report.html", await page(report)]]);
}

const NOTHING: Files = new Map();

/** `Promise.all` that waits for all, and throws everything that went wrong: nothing is found one build later. */
async function together<T extends readonly unknown[]>(work: T) {
  const results = await Promise.allSettled(work);
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason] : [],
  );
  if (failures.length > 0) throw new AggregateError(failures);
  return Promise.all(work);
}

async function makeLibrary(): Promise<Files> {
  const { buildLibrary } = await import("./library.ts");
  return buildLibrary();
}

async function makeCompressed(assets: Files, cache: Cache): Promise<Files> {
  const { compressed } = await import("./compress.ts");
  return compressed(assets, cache);
}

async function makeSite(version: string): Promise<Site> {
  const { buildSite } = await import("./site.ts");
  return buildSite({
    folder: "site",
    define: { SITE_VERSION: JSON.stringify(version) },
    external: ["site:settings"],
    inputs: ["src"],
    plugin: lazily(/\.(ya?ml|md|markdown)$/, async () => {
      const { default: content } = await import("../site/collections.ts");
      return content;
    }),
  });
}

/** The text of the lockfile, here or at the root of a workspace that this is in: versions of all packages. */
function lockfile(): string {
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    const path = join(folder, "bun.lock");
    if (existsSync(path)) return readFileSync(path, "utf8");
    if (folder === dirname(folder)) return "";
  }
}

/** What the build reads of package.json. */
interface Manifest {
  readonly version: string;
  readonly budgets?: Budgets;
}

function readManifest(): Promise<Manifest> {
  return Bun.file("package.json").json();
}

/** Undefined if there is none, or one that is damaged: it is about to be replaced. */
function reportIn(folder: string): Promise<Report | undefined> {
  const file = Bun.file(join(folder, REPORT));
  return file.json().catch(() => undefined);
}

// Runs the steps of the build. The output of a step comes from the cache if none of its inputs has changed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { BUILD_LOCK, compileLibrary } from "../scripts/library.ts";
import { lock } from "../scripts/lock.ts";
import { type Budgets, checkBudgets } from "./budget.ts";
import { Cache } from "./cache.ts";
import { BuildFailure } from "./failure.ts";
import {
  changedSince,
  encodeJson,
  type Files,
  fingerprint,
  merge,
  prefixPaths,
  readFolder,
  sortFiles,
  unlessGone,
} from "./files.ts";
import type { BuildOptions } from "./options.ts";
import { updateFolder } from "./output.ts";
import type { Report } from "./report.ts";
import { formatTable } from "./table.ts";

const DIST = "dist";
const CACHE = ".cache/build";
const REPORT = "report.json";
const MANIFEST = "manifest.json";
const BUN_LOCK = "bun.lock";
/** Code and configuration of the build itself. After a change, nothing comes from the cache. */
const TOOLING = ["build.ts", "build", "scripts", "package.json"];

/** The folders of the library and the site, and others that the site may import from. */
export const SOURCE_FOLDERS = ["src", "site"];

/** Returns the paths of all inputs of a build. */
export function inputPaths(): string[] {
  return [...toolingPaths(), ...SOURCE_FOLDERS];
}

/** Returns the paths of the build's code and configuration, and of bun.lock, which pins the versions of the packages. */
function toolingPaths(): string[] {
  const tsconfigs = tsconfigPaths(resolve("tsconfig.library.json"));
  return [...TOOLING, ...tsconfigs, findBunLock() ?? BUN_LOCK];
}

/** Returns the paths of a tsconfig file and of all that it extends. tsc reports a file that is missing or invalid. */
function tsconfigPaths(path: string): string[] {
  const paths = [fromHere(path)];
  try {
    const config = Bun.JSONC.parse(readFileSync(path, "utf8")) as { extends?: string | string[] };
    const bases = [config.extends ?? []].flat();
    return paths.concat(
      bases.flatMap((base) => tsconfigPaths(Bun.resolveSync(base, dirname(path)))),
    );
  } catch {
    return paths;
  }
}

const fromHere = (path: string): string => relative("", path).replaceAll("\\", "/");

/** Returns the path of the nearest bun.lock, in this folder or at the root of the workspace. */
function findBunLock(): string | undefined {
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    const path = join(folder, BUN_LOCK);
    if (existsSync(path)) return fromHere(path);
    if (folder === dirname(folder)) return undefined;
  }
}

/** Returns the names and manifests of the installed packages, which differ from a new bun.lock until `bun install` has run. */
function installedPackages(): { readonly names: string[]; readonly manifests: string[] } {
  const root = join(dirname(findBunLock() ?? BUN_LOCK), "node_modules");
  const manifests = ["node_modules", root].flatMap((cwd) =>
    ["*/package.json", "@*/*/package.json"].flatMap((pattern) => {
      const scan = () => [...new Bun.Glob(pattern).scanSync({ cwd, followSymlinks: true })];
      return unlessGone(scan, []).map((path) => join(cwd, path));
    }),
  );
  // With isolated installs, indirect dependencies are only here, with their versions in the names of their folders.
  const names = unlessGone(() => readdirSync(join(root, ".bun")), []);
  return { names: names.toSorted(), manifests: manifests.toSorted() };
}

/** A file may get a timestamp this far before the time of the write, because file systems round timestamps to ticks. */
const TICK_MS = 10;

/**
 * Builds into dist/.
 * @returns the text to print: the table of sizes, and how long the build took.
 * @throws the error of the step that failed. dist/ is unchanged then, unless the step is the update of dist/ itself.
 */
export async function build(options: BuildOptions): Promise<string> {
  const started = performance.now();
  // The modules of the build are inputs, too, and were loaded since the process started.
  const startTime = performance.timeOrigin - TICK_MS;
  // Nothing is cached in two cases: there is no bun.lock, which alone records the versions of the packages, or an input
  // has changed during the build.
  const areKeysValid = () => findBunLock() !== undefined && !changedSince(startTime, inputPaths());
  const cache = new Cache(CACHE, areKeysValid);
  const keys = keysOf(options);
  const files = await cache.files(keys.dist, () => buildFiles(keys, cache, options));
  // Undefined if the previous report is missing or damaged.
  const before: Report | undefined = await Bun.file(join(DIST, REPORT))
    .json()
    .catch(() => undefined);
  const hasChanged = updateDist(files, () => keysOf(options).dist === keys.dist);
  if (hasChanged) cache.prune();
  const report: Report = JSON.parse(new TextDecoder().decode(files.get(REPORT)));
  const duration = `${Math.round(performance.now() - started)} ms`;
  return hasChanged
    ? `${formatTable(report, before)}\n\nBuilt in ${duration}. Open ${DIST}/report.html to see what is in it.`
    : `${formatTable(report, undefined)}\n\nNothing has changed (${duration}).`;
}

/** @throws {BuildFailure} if the inputs have changed: another build may have written newer files, which must stay */
function updateDist(files: Files, areInputsSame: () => boolean): boolean {
  using _ = lock(BUILD_LOCK);
  if (areInputsSame()) return updateFolder(DIST, files);
  throw new BuildFailure(
    `A file changed during the build, so ${DIST}/ was not updated.`,
    "Build again.",
  );
}

interface Keys {
  readonly tooling: string;
  readonly dist: string;
  readonly library: string;
}

function keysOf(options: BuildOptions): Keys {
  const { names, manifests } = installedPackages();
  const paths = [...toolingPaths(), ...manifests];
  const tooling = fingerprint([Bun.version, Bun.revision, names], paths);
  return {
    tooling,
    library: fingerprint(["library", tooling], ["src"]),
    dist: fingerprint(["dist", tooling, options], SOURCE_FOLDERS),
  };
}

/** Builds the contents of dist/. The library has its own cache entry, because its compiler is the slowest step. */
async function buildFiles(
  keys: Keys,
  cache: Cache,
  { only, compress }: BuildOptions,
): Promise<Files> {
  const manifest: Manifest = await Bun.file("package.json").json();
  const { version = "0.0.0", budgets = {} } = manifest;
  // Imported here, so that they load while the compiler and the bundler run, and not at all if everything is cached.
  const [library, site, { reportOf }, { renderPage }] = await waitForAll([
    only === "site" ? NO_FILES : cache.files(keys.library, buildLibrary),
    import("./site.ts").then((step) => step.buildSite(version, inputPaths())),
    import("./report.ts"),
    import("./page.ts"),
  ]);
  const compressed = compress
    ? await import("./compress.ts").then((step) =>
        step.compressFiles(site.files, keys.tooling, cache),
      )
    : NO_FILES;
  const sitePaths = { site: site.files, "the compression of another file": compressed };
  const files = sortFiles([
    ...prefixPaths("library", library),
    ...prefixPaths("site", merge("dist/site", sitePaths)),
  ]);
  const report = reportOf(files, site.bundles);
  const isFullBuild = only === undefined && site.bundles.length > 0;
  checkBudgets(budgets, report, isFullBuild);
  return sortFiles([
    ...files,
    [MANIFEST, encodeJson(site.manifest)],
    [REPORT, encodeJson(report)],
    ["report.html", await renderPage(report)],
  ]);
}

const NO_FILES: Files = new Map();

/** Like `Promise.all`, but waits for all promises and throws all errors, so that one build reports every mistake. */
async function waitForAll<T extends readonly unknown[]>(promises: T) {
  const results = await Promise.allSettled(promises);
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason] : [],
  );
  if (failures.length > 0) throw new AggregateError(failures);
  return Promise.all(promises); // all are fulfilled: returns their values as a tuple
}

async function buildLibrary(): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), "build-library-"));
  try {
    await compileLibrary(folder);
    return readFolder(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The fields of package.json that the build uses. */
interface Manifest {
  readonly version?: string;
  readonly budgets?: Budgets;
}

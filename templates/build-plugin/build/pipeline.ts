// Runs the steps of the build. The output of a step comes from the cache if none of its inputs has changed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { BUILD_LOCK, compileLibrary } from "../scripts/library.ts";
import { lock } from "../scripts/lock.ts";
import { type Files, updateFolder } from "../scripts/output.ts";
import { type Budgets, checkBudgets } from "./budget.ts";
import { Cache } from "./cache.ts";
import { BuildFailure } from "./failure.ts";
import {
  encodeJson,
  fingerprint,
  merge,
  PUBLIC,
  prefixPaths,
  readFolder,
  resolveImport,
  sortFiles,
  statesOf,
  unlessGone,
} from "./files.ts";
import type { Report } from "./report.ts";
import { formatTable } from "./table.ts";

const DIST = "dist";
const CACHE = ".cache/build";
const REPORT = "report.json";
const BUN_LOCK = "bun.lock";
/** Code and configuration of the build itself. After a change, nothing comes from the cache. */
const TOOLING = ["build.ts", "build", "scripts", "package.json"];

/** The folders of the library and the site, and others that the site may import from. */
export const SOURCE_FOLDERS = ["src", "site"];

/** Returns the paths of all inputs of a build. */
export function inputPaths(): string[] {
  const tsconfigs = tsconfigPaths(resolve("tsconfig.library.json"));
  return [...TOOLING, ...tsconfigs, findBunLock() ?? BUN_LOCK, ...SOURCE_FOLDERS];
}

/** Returns the paths of a tsconfig file and of all that it extends. tsc reports a file that is missing or invalid. */
function tsconfigPaths(path: string): string[] {
  const bases = basesOf(path).map((base) => resolveImport(path, base));
  return [fromHere(path), ...bases.flatMap((base) => (base ? tsconfigPaths(base) : []))];
}

function basesOf(path: string): string[] {
  try {
    const config = Bun.JSONC.parse(readFileSync(path, "utf8")) as { extends?: string | string[] };
    return [config.extends ?? []].flat();
  } catch {
    return [];
  }
}

const fromHere = (path: string): string => relative("", path).replaceAll("\\", "/");

/** Returns the path of the nearest bun.lock: in this folder, or in a folder above, such as the root of a workspace. */
function findBunLock(): string | undefined {
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    const path = join(folder, BUN_LOCK);
    if (existsSync(path)) return fromHere(path);
    if (folder === dirname(folder)) return undefined;
  }
}

/** `bun install` adds an empty file to a patched package; its name contains a hash of the patch. */
const PACKAGE_FILES = ["package.json", ".bun-tag-*"];

/**
 * Returns the names of the installed packages, and the paths of their `PACKAGE_FILES`. After `git pull`, bun.lock may be newer
 * than what is installed, so both are in the keys.
 */
function installedPackages(): { readonly names: string[]; readonly files: string[] } {
  const workspaceModules = join(dirname(findBunLock() ?? BUN_LOCK), "node_modules");
  const folders = new Set(["node_modules", workspaceModules]);
  const patterns = PACKAGE_FILES.flatMap((name) => [`*/${name}`, `@*/*/${name}`]);
  const files = [...folders].flatMap((cwd) =>
    patterns.flatMap((pattern) => {
      const scan = () => [...new Bun.Glob(pattern).scanSync({ cwd, followSymlinks: true })];
      return unlessGone(scan, []).map((path) => join(cwd, path));
    }),
  );
  // With isolated installs, indirect dependencies are only here, with their versions in the names of their folders.
  const names = unlessGone(() => readdirSync(join(workspaceModules, ".bun")), []);
  return { names: names.toSorted(), files: files.toSorted() };
}

export interface BuildOptions {
  /** Builds only the site; dist/ then contains nothing else. */
  readonly only: "site" | undefined;
  /** Writes `.gz` and `.br` variants. Brotli runs at its highest quality, which is slow. */
  readonly compress: boolean;
}

/** Milliseconds by which a file may appear older than it is: file systems round timestamps down. */
const TICK_MS = 10;

/**
 * Builds into dist/.
 * @returns the text to print: the table of sizes, and how long the build took.
 * @throws the error of the step that failed. dist/ is unchanged then, unless the step is the update of dist/ itself.
 */
export async function build(options: BuildOptions): Promise<string> {
  const started = performance.now();
  const trackedPaths = () => [...inputPaths(), ...installedPackages().files];
  const states = statesOf(trackedPaths());
  // An edit that is reverted during the build leaves the keys as they were, but not the states.
  const findChange = () => {
    const now = statesOf(trackedPaths());
    const paths = [...states.keys(), ...now.keys()];
    return paths.find((path) => states.get(path)?.version !== now.get(path)?.version);
  };
  // Store nothing without bun.lock, because only bun.lock records the versions of all packages. Also store nothing if an
  // input was written after this process started: the process may have loaded its old version.
  const startTime = performance.timeOrigin - TICK_MS;
  const isStorable =
    findBunLock() !== undefined && [...states.values()].every(({ ctimeMs }) => ctimeMs < startTime);
  using cache = new Cache(CACHE, () => isStorable && findChange() === undefined);
  const keys = keysOf([...states.keys()], options);
  // Copied in every build, because the cache would otherwise keep a copy of large files for each change.
  const copies = new Map(prefixPaths("site", readFolder(PUBLIC)));
  const built = await cache.files(keys.dist, () => buildFiles(keys, cache, copies, options));
  // Undefined if the previous report is missing or damaged.
  const before: Report | undefined = await Bun.file(join(DIST, REPORT))
    .json()
    .catch(() => undefined);
  const isUpdated = updateDist(sortFiles([...built, ...copies]), findChange);
  const report: Report = JSON.parse(new TextDecoder().decode(built.get(REPORT)));
  const duration = `${Math.round(performance.now() - started)} ms`;
  return isUpdated
    ? `${formatTable(report, before)}\n\nBuilt in ${duration}. Open ${DIST}/report.html to see what is in it.`
    : `${formatTable(report, undefined)}\n\nNothing has changed (${duration}).`;
}

/** @throws {BuildFailure} if an input has changed: another build may have written newer files, which must stay */
function updateDist(files: Files, findChange: () => string | undefined): boolean {
  using _ = lock(BUILD_LOCK);
  return updateFolder(DIST, files, () => {
    const changed = findChange();
    if (changed === undefined) return;
    throw new BuildFailure(
      `${changed} changed during the build, so ${DIST}/ was not updated.`,
      "Build again.",
    );
  });
}

/** @param paths of all input files */
function keysOf(paths: readonly string[], options: BuildOptions) {
  const { sources = [], others = [] } = Object.groupBy(paths, (path) =>
    SOURCE_FOLDERS.some((folder) => path.startsWith(`${folder}/`)) ? "sources" : "others",
  );
  const library = sources.filter((path) => path.startsWith("src/"));
  const { names } = installedPackages();
  const tooling = fingerprint([Bun.version, Bun.revision, names], others);
  return {
    tooling,
    library: fingerprint(["library", tooling], library),
    dist: fingerprint(["dist", tooling, options], sources),
  };
}

/**
 * Builds the contents of dist/, except the copies. The library has its own cache entry, because its compiler is the slowest
 * step.
 */
async function buildFiles(
  keys: ReturnType<typeof keysOf>,
  cache: Cache,
  copies: Files,
  { only, compress }: BuildOptions,
): Promise<Files> {
  const manifest: { version?: string; budgets?: Budgets } = await Bun.file("package.json").json();
  const { version = "0.0.0", budgets = {} } = manifest;
  // Imported here, so that they load while the compiler runs, and not at all if everything is cached.
  const [library, site, { reportOf }, { renderPage }] = await waitForAll([
    only === "site" ? NO_FILES : cache.files(keys.library, compileLibrary),
    import("./site.ts").then((step) => step.buildSite(version, inputPaths())),
    import("./report.ts"),
    import("./page.ts"),
  ]);
  const assets = new Map(prefixPaths("site", site.files));
  const compressed = compress
    ? await import("./compress.ts").then((step) =>
        step.compressFiles(new Map([...copies, ...assets]), keys.tooling, cache),
      )
    : NO_FILES;
  // If two of these sources write the same file, the error names them by their keys.
  const siteFiles = merge(DIST, {
    [PUBLIC]: copies,
    "the build of site/*.html": assets,
    "the compression of another file": compressed,
  });
  const libraryFiles = prefixPaths("library", library);
  const report = reportOf(sortFiles([...libraryFiles, ...siteFiles]), site.bundles);
  // Without the library or without any bundle, some budgets match no file, although their patterns are right.
  const mustMatch = only === undefined && site.bundles.length > 0;
  checkBudgets(budgets, report, mustMatch);
  // Without the copies: `build` adds them itself, so that they are not cached.
  return sortFiles([
    ...libraryFiles,
    ...assets,
    ...compressed,
    ["manifest.json", encodeJson(site.manifest)],
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

// Reports the import graph of the project: modules and their imports, cycles, and unused files.
import content from "../site/collections.ts";
import { filterOf } from "./content.ts";
import { findCycles } from "./cycles.ts";
import { BuildFailure } from "./failure.ts";
import { type Edge, readGraph } from "./imports.ts";
import { reachable } from "./reachable.ts";

/** Files that are run, preloaded, tested or served. A file that neither these nor an export reaches is unused. */
const ENTRIES = [
  "*.ts",
  "src/lib/*.ts",
  "scripts/*.ts",
  "site/*.html",
  "site/{collections,dev}.ts",
  "test/**/*.test.ts",
];
const SOURCES = ["*.ts", "{src,build,site,scripts}/**/*.ts", "test/**/*.ts"];
/** The site of the tests, and files that the build only copies. */
const IGNORED = /^(test\/fixture|site\/public)\//;

export interface GraphOptions {
  readonly json?: boolean | undefined;
  /** Fail if there are cycles or unused files. */
  readonly check?: boolean | undefined;
}

export interface GraphReport {
  readonly modules: Readonly<Record<string, readonly Edge[]>>;
  /** Cycles of imports that exist at run time. Imports of types are harmless and not listed. */
  readonly cycles: readonly (readonly string[])[];
  /** Files that are not reachable from an entry. */
  readonly unused: readonly string[];
}

export async function graphReport(
  entries: readonly string[],
  { json, check }: GraphOptions,
): Promise<string> {
  const start = entries.length > 0 ? entries : [...scan(ENTRIES), ...(await exportedSources())];
  const sources = entries.length > 0 ? [] : [...scan(SOURCES), ...scanContent()];
  const graph = await readGraph([...start, ...sources]);
  const needed = reachable(start, (path) => (graph.get(path) ?? []).map(({ to }) => to));
  const report: GraphReport = {
    modules: Object.fromEntries(graph),
    cycles: findCycles(graph),
    unused: [...graph.keys()].filter((path) => !needed.has(path)),
  };
  const text = json ? JSON.stringify(report, null, 2) : formatReport(report);
  if (check && report.cycles.length + report.unused.length > 0) throw new BuildFailure(text);
  return text;
}

function formatReport({ modules, cycles, unused }: GraphReport): string {
  const edges = Object.values(modules).flat();
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
  return [
    ...Object.entries(modules).flatMap(([path, imports]) => [
      path,
      ...imports.map(({ to, kind }) => `  → ${to}${kind === "import" ? "" : ` (${kind})`}`),
    ]),
    ...list(
      "Cycles",
      cycles.map((cycle) => [...cycle, cycle[0]].join(" → ")),
    ),
    ...list("Unused", unused),
    "",
    `modules: ${Object.keys(modules).length}, imports: ${edges.length}, cycles: ${cycles.length}, unused files: ${unused.length}`,
  ].join("\n");
}

/** Returns the source files of the modules that package.json names in `exports` and `bin`. */
async function exportedSources(): Promise<string[]> {
  const built = (await Bun.file("package.json").text()).matchAll(/dist\/library\/([\w/-]+)\.js"/g);
  return [...built].map(([, name]) => `src/${name}.ts`);
}

const scanContent = (): string[] => scan(["site/**/*"]).filter(filterOf(content).test);

/** Declarations are left out, because only tsc reads them and nothing imports them. */
function scan(patterns: readonly string[]): string[] {
  return patterns
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync()])
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/\.d\.(\w+\.)?ts$/.test(path) && !IGNORED.test(path))
    .toSorted();
}

// `bun run graph [entry…]`: prints the import graph, its cycles, and unused files.
import { parseArgs } from "node:util";
import { findCycles } from "./build/cycles.ts";
import { BuildFailure, runAndReport } from "./build/failure.ts";
import { type Edge, readGraph } from "./build/imports.ts";
import { reachable } from "./build/reachable.ts";
import { allFormats } from "./src/formats.ts";
import { extensionFilter } from "./src/load.ts";

/** Files that are run, preloaded, tested or served. A file that neither these nor an export reaches is unused. */
const ENTRIES = [
  "*.ts",
  "src/lib/*.ts",
  "scripts/*.ts",
  "site/*.html",
  "site/{collections,dev-plugin}.ts",
  "test/**/*.test.ts",
];
const SOURCES = ["*.ts", "{src,build,site,scripts}/**/*.ts", "test/**/*.ts"];
/** The site of the tests, and files that the build only copies. */
const IGNORED = /^(test\/fixture|site\/public)\//;

export interface GraphReport {
  readonly modules: Readonly<Record<string, readonly Edge[]>>;
  /** Cycles of imports that exist at run time. Imports of types are harmless and not listed. */
  readonly cycles: readonly (readonly string[])[];
  /** Files that are not reachable from an entry. */
  readonly unused: readonly string[];
}

process.chdir(import.meta.dir);
process.exitCode = await runAndReport(printGraph);

async function printGraph(): Promise<string> {
  const { values, positionals: entries } = parseArgs({
    options: { json: { type: "boolean" }, check: { type: "boolean" } },
    allowPositionals: true,
  });
  const start = entries.length > 0 ? entries : [...scan(ENTRIES), ...(await exportedSources())];
  const sources = entries.length > 0 ? [] : [...scan(SOURCES), ...scanContent()];
  const graph = await readGraph([...start, ...sources]);
  const needed = reachable(start, (path) => (graph.get(path) ?? []).map(({ to }) => to));
  const report: GraphReport = {
    modules: Object.fromEntries(graph),
    cycles: findCycles(graph),
    unused: [...graph.keys()].filter((path) => !needed.has(path)),
  };
  const text = values.json ? JSON.stringify(report, null, 2) : formatReport(report);
  if (values.check && report.cycles.length + report.unused.length > 0) throw new BuildFailure(text);
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

function scanContent(): string[] {
  const content = extensionFilter(allFormats.flatMap(({ extensions }) => extensions));
  return scan(["site/**/*"]).filter((path) => content.test(path));
}

/** Declarations are left out, because only tsc reads them and nothing imports them. */
function scan(patterns: readonly string[]): string[] {
  return patterns
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync()])
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/\.d\.(\w+\.)?ts$/.test(path) && !IGNORED.test(path))
    .toSorted();
}

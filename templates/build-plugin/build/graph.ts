// The import graph of the project, printed: modules and their imports, cycles, and files that nothing needs.
import { findCycles } from "./cycles.ts";
import { BuildFailure } from "./failure.ts";
import { type Edge, type Graph, readGraph } from "./imports.ts";

/** What is started, exported, preloaded, tested or served: everything else has to be imported by one of these. */
const ENTRIES = [
  "*.ts",
  "src/{index,plugin,register}.ts",
  "src/lib/test-timeout.ts",
  "site/index.html",
  "site/{dev,register}.ts",
  "test/*.test.ts",
];
const SOURCES = [
  "*.ts",
  "{src,build,site}/**/*.ts",
  "test/*.ts",
  "site/content/**/*.{yaml,yml,md}",
];

export interface GraphOptions {
  readonly json?: boolean | undefined;
  /** Fail if there are cycles or unused files. */
  readonly check?: boolean | undefined;
}

export interface GraphReport {
  readonly modules: Readonly<Record<string, readonly Edge[]>>;
  /** Of imports that run. One of types only is no trouble, and not listed. */
  readonly cycles: readonly (readonly string[])[];
  /** Files that no entry leads to. */
  readonly unused: readonly string[];
}

export async function graphReport(
  entries: readonly string[],
  { json, check }: GraphOptions,
): Promise<string> {
  const graph = await readGraph(entries.length > 0 ? entries : scan([...ENTRIES, ...SOURCES]));
  const needed = reachable(graph, entries.length > 0 ? entries : scan(ENTRIES));
  const report: GraphReport = {
    modules: Object.fromEntries(graph),
    cycles: findCycles(graph),
    unused: [...graph.keys()].filter((path) => !needed.has(path)),
  };
  const text = json ? JSON.stringify(report, null, 2) : printed(report);
  if (check && report.cycles.length + report.unused.length > 0) throw new BuildFailure(text);
  return text;
}

function reachable(graph: Graph, entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    waiting.push(...(graph.get(path) ?? []).map(({ to }) => to));
  }
  return found;
}

function printed({ modules, cycles, unused }: GraphReport): string {
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
    `${Object.keys(modules).length} modules, ${edges.length} imports, ${cycles.length} cycles, ${unused.length} unused files`,
  ].join("\n");
}

/** Declarations are for tsc: nothing imports them. */
function scan(patterns: readonly string[]): string[] {
  return patterns
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync()])
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/\.d\.(\w+\.)?ts$/.test(path))
    .toSorted();
}

// Finds cycles in an import graph. Imports of types do not count, because they do not exist at run time.
import type { Graph } from "./imports.ts";

/**
 * Returns a shortest cycle through each module that is part of one, without duplicates.
 * Each starts with its first path in sort order.
 */
export function findCycles(graph: Graph): readonly (readonly string[])[] {
  const cycles = new Map<string, readonly string[]>();
  for (const path of [...graph.keys()].toSorted()) {
    const cycle = shortestCycle(graph, path);
    if (cycle !== undefined) {
      const rotated = startAtFirst(cycle);
      cycles.set(rotated.join("\n"), rotated);
    }
  }
  return [...cycles.values()];
}

/** Breadth-first search for the shortest path from a module to itself. The module is listed once. */
function shortestCycle(graph: Graph, start: string): readonly string[] | undefined {
  const paths = new Map<string, readonly string[]>([[start, [start]]]);
  // The loop also visits the modules that it adds to the map.
  for (const [module, path] of paths) {
    for (const { to, kind } of graph.get(module) ?? []) {
      if (kind === "type") continue;
      if (to === start) return path;
      if (!paths.has(to)) paths.set(to, [...path, to]);
    }
  }
  return undefined;
}

/** Rotates a cycle so that it starts with the path that sorts first: equal cycles become equal arrays. */
function startAtFirst(cycle: readonly string[]): readonly string[] {
  const first = cycle.indexOf(cycle.toSorted()[0] ?? "");
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}

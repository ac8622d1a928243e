// Finds everything that modules or files depend on, directly or indirectly.

/** Returns the nodes that are reachable from these, including them. */
export function reachable(
  start: Iterable<string>,
  nextOf: (node: string) => readonly string[],
): ReadonlySet<string> {
  const found = new Set(start);
  // The loop also visits the nodes that it adds to the set.
  for (const node of found) for (const next of nextOf(node)) found.add(next);
  return found;
}

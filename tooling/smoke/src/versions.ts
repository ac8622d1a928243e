// Compares the dependency versions in a project's package.json before and after an update.
import { join } from "node:path";

export interface Move {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

type Versions = Readonly<Record<string, string>>;

/** The versions of all direct dependencies. */
export async function versionsOf(directory: string): Promise<Versions> {
  const { dependencies, devDependencies } = await Bun.file(join(directory, "package.json")).json();
  return { ...dependencies, ...devDependencies };
}

/** The dependencies whose versions differ, sorted by name. */
export function moves(before: Versions, after: Versions): readonly Move[] {
  return Object.entries(after)
    .map(([name, to]) => ({ name, from: before[name] ?? "none", to }))
    .filter(({ from, to }) => from !== to)
    .sort((a, b) => a.name.localeCompare(b.name));
}

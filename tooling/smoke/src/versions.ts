// The versions in a project's package.json, and which of them have moved.
import { join } from "node:path";

export interface Move {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

type Versions = Readonly<Record<string, string>>;

/** Direct dependencies, of every kind. */
export async function versionsOf(directory: string): Promise<Versions> {
  const { dependencies, devDependencies } = await Bun.file(join(directory, "package.json")).json();
  return { ...dependencies, ...devDependencies };
}

/** The dependencies whose versions differ, by name. */
export function moves(before: Versions, after: Versions): readonly Move[] {
  return Object.entries(after)
    .map(([name, to]) => ({ name, from: before[name] ?? "none", to }))
    .filter(({ from, to }) => from !== to)
    .sort((a, b) => a.name.localeCompare(b.name));
}

// Names that packers drop or tools would act on, and the names under which the repository and the package store them.

const STORED: Readonly<Record<string, string>> = {
  ".gitignore": "_gitignore",
  ".npmrc": "_npmrc",
  "biome.json": "_biome.json",
  "bunfig.toml": "_bunfig.toml",
};
const RESTORED = Object.fromEntries(Object.entries(STORED).map(([real, stored]) => [stored, real]));

/** The path as it is stored: `a/.gitignore` → `a/_gitignore`. */
export const storedPath = (path: string): string => renamed(path, STORED);

/** The path as a project has it: `a/_gitignore` → `a/.gitignore`. */
export const restoredPath = (path: string): string => renamed(path, RESTORED);

function renamed(path: string, table: Readonly<Record<string, string>>): string {
  const start = path.lastIndexOf("/") + 1;
  const name = path.slice(start);
  return Object.hasOwn(table, name) ? path.slice(0, start) + table[name] : path;
}

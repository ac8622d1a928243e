// Maps names that packers drop, or that tools would act on, to the names under which they are stored.

const STORED: Readonly<Record<string, string>> = {
  ".gitignore": "_gitignore",
  ".npmrc": "_npmrc",
  "biome.json": "_biome.json",
  "bunfig.toml": "_bunfig.toml",
};
const RESTORED = Object.fromEntries(Object.entries(STORED).map(([real, stored]) => [stored, real]));

/** The path under which a file is stored: `a/.gitignore` → `a/_gitignore`. */
export const storedPath = (path: string): string => renamed(path, STORED);

/** The path of a stored file in a project: `a/_gitignore` → `a/.gitignore`. */
export const restoredPath = (path: string): string => renamed(path, RESTORED);

function renamed(path: string, table: Readonly<Record<string, string>>): string {
  const start = path.lastIndexOf("/") + 1;
  const name = path.slice(start);
  return Object.hasOwn(table, name) ? path.slice(0, start) + table[name] : path;
}

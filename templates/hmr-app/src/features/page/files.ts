// Finds the files of the page that `bun run build` wrote.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
// #region executable
import { embedded } from "./embedded.ts";

// #endregion

/** Files by name, as in dist/public/. */
export type Files = Readonly<Record<string, Blob>>;

/** Returns no files if nothing has been built. */
export async function builtFiles(folder: string): Promise<Files> {
  // #region executable
  if (embedded) return openAll(embedded);
  // #endregion
  return openAll(await pathsIn(folder));
}

function openAll(paths: Readonly<Record<string, string>>): Files {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, Bun.file(path)]));
}

async function pathsIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const options = { withFileTypes: true } as const;
  const entries = await readdir(folder, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  // The folder may be the root of a volume, which contains lost+found/.
  const files = entries.filter((entry) => !entry.isDirectory());
  return Object.fromEntries(files.map(({ name }) => [name, join(folder, name)]));
}

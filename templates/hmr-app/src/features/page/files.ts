// Reads the files of the page that `bun run build` wrote.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "#lib/service";
// #region executable
import { embedded } from "./embedded.ts";

// #endregion

/** Contents by name, as in dist/public/. */
export type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** Returns no files if nothing has been built. @throws {StartError} if they cannot be read. */
export async function builtFiles(folder: string): Promise<Files> {
  try {
    // #region executable
    if (embedded) return await readAll(embedded);
    // #endregion
    return await readAll(await pathsIn(folder));
  } catch (cause) {
    const message = `The built page cannot be read: ${(cause as Error).message}.`;
    throw new StartError(message, "Check its permissions, or build it again.", { cause });
  }
}

async function readAll(paths: Readonly<Record<string, string>>): Promise<Files> {
  const read = async ([name, path]: [string, string]) => [name, await Bun.file(path).bytes()];
  return Object.fromEntries(await Promise.all(Object.entries(paths).map(read)));
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

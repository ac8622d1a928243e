// Finds what `bun run build` made: inside the executable, or in dist/public/.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Files } from "./assets.ts";
import { embedded } from "./embedded.ts";

/** @returns `undefined` if nothing is built. */
export async function builtFiles(folder: string): Promise<Files | undefined> {
  const paths = embedded ?? (await pathsIn(folder));
  if (!("index.html" in paths)) return undefined;
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, Bun.file(path)]));
}

async function pathsIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return Object.fromEntries(names.map((name) => [name, join(folder, name)]));
}

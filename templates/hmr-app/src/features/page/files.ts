// Reads the files of the page that `bun run build` wrote.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "#lib/service";
import { type BuildRecord, readRecord } from "./build-record.ts";
// #region executable
import { embedded } from "./embedded.ts";

// #endregion

export interface BuiltFile {
  /** In memory, except for earlier builds. The runtime sends a blob without a copy, and would copy an array for each response. */
  readonly body: Blob;
  /** Where a file of an earlier build is on the disk. */
  readonly path?: string;
  readonly etag: string;
  /** Whether its name contains a hash of its contents. */
  readonly isHashed: boolean;
}

/** By name, as in dist/public/. */
export type Files = Readonly<Record<string, BuiltFile>>;

/** Returns no files if nothing has been built. @throws {StartError} if they cannot be read. */
export async function builtFiles(folder: string): Promise<Files> {
  try {
    // #region executable
    if (embedded) return await readAll(embedded);
    // #endregion
    return await readAll(await pathsIn(folder), await readRecord(folder));
  } catch (cause) {
    const message = `The built page cannot be read: ${(cause as Error).message}.`;
    throw new StartError(message, "Check its permissions, or build it again.", { cause });
  }
}

/** @param record if it lists some files, the others were added by the user. Without it, all files are of the latest build. */
async function readAll(
  paths: Readonly<Record<string, string>>,
  record?: BuildRecord,
): Promise<Files> {
  const read = async ([name, path]: [string, string]) => {
    const replacedAt = record ? record[name] : null;
    const isEarlier = typeof replacedAt === "number";
    const file = Bun.file(path);
    const contents = isEarlier
      ? { body: file, path, etag: etagOf(path) }
      : inMemory(await file.bytes());
    return [name, { ...contents, isHashed: replacedAt !== undefined }] as const;
  };
  return Object.fromEntries(await Promise.all(Object.entries(paths).map(read)));
}

export function inMemory(bytes: Uint8Array<ArrayBuffer>): BuiltFile {
  return { body: new Blob([bytes]), etag: etagOf(bytes), isHashed: false };
}

function etagOf(identity: string | Uint8Array): string {
  return `"${Bun.hash(identity).toString(36)}"`;
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

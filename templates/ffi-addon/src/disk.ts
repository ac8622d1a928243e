// Files on disk: opened and closed again, written and read in full, replaced as a whole.
import {
  closeSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

export function withFile<Result>(
  path: string,
  flags: string,
  use: (file: number) => Result,
): Result {
  const file = openSync(path, flags);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** A system call may move less than it was asked to. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** False if the file ends before `bytes` is full. */
export function readAll(file: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, null);
    if (read === 0) return false;
    at += read;
  }
  return true;
}

/** Lets `write` fill a file next to `path` and renames it: a crash leaves the old file or the new one. */
export function replaceFile(path: string, write: (file: number) => void): void {
  const target = replaceable(path);
  const temporary = `${target}.${process.pid}.${crypto.randomUUID()}.tmp`;
  try {
    withFile(temporary, "wx", (file) => {
      write(file);
      fsyncSync(file);
    });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What a rename may replace: the file at the end of a link, but no device, which root could. */
function replaceable(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  if (!found.isFile()) throw new Error("something else than a file has that name");
  return realpathSync(path);
}

// Copies a file out of a compiled executable, because dlopen and TinyCC need a path in the file system.
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { extname, join } from "node:path";
import { sha256 } from "./sha256.ts";

/** Where Bun shows the files that are embedded in an executable. */
const EMBEDDED = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;

/**
 * Returns a path for the same bytes in the file system: `path` itself unless it is embedded. The copy is named by its
 * content, so that later starts use it again, and is in a folder that only this user can read or write.
 */
export function onDisk(path: string, bytes: Uint8Array = readFileSync(path)): string {
  if (!EMBEDDED.test(path)) return path;
  const copy = join(privateFolder(), `${sha256(bytes)}${extname(path)}`);
  if (hasContent(copy, bytes)) return copy;
  // Renamed when complete: another process may load the file at any moment.
  const temporary = `${copy}.${crypto.randomUUID()}`;
  writeFileSync(temporary, bytes, { mode: 0o600 });
  renameSync(temporary, copy);
  return copy;
}

/** Uses a new folder if another user could have planted a library in the usual one. */
function privateFolder(): string {
  const { uid, username } = userInfo();
  const folder = join(tmpdir(), `bun-ffi-${uid === -1 ? username : uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const isPrivate = process.platform === "win32" || (found.uid === uid && !(found.mode & 0o077));
  return found.isDirectory() && isPrivate ? folder : mkdtempSync(`${folder}-`);
}

function hasContent(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    return false; // not there yet
  }
}

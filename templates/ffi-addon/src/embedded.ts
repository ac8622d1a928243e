// Copies a file out of a compiled executable, because dlopen and TinyCC need a path in the file system.
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { extname, join } from "node:path";

/** Where Bun shows the files that are embedded in an executable. */
const EMBEDDED = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;

/**
 * Returns a path for the same bytes in the file system: `path` itself unless it is embedded. The copy is named by its
 * content, so that later starts use it again, and is in a folder that only this user can read or write.
 */
export function onDisk(path: string, bytes: Uint8Array = readFileSync(path)): string {
  if (!EMBEDDED.test(path)) return path;
  const copy = join(findPrivateFolder(), `${Bun.SHA256.hash(bytes, "hex")}${extname(path)}`);
  if (hasContent(copy, bytes)) return copy;
  // Renamed when complete: another process may load the file at any moment.
  const temporary = `${copy}.${crypto.randomUUID()}`;
  try {
    writeFileSync(temporary, bytes, { mode: 0o600 });
    renameSync(temporary, copy);
  } catch (error) {
    rmSync(temporary, { force: true });
    // On Windows, a library that another process has put there and loaded cannot be replaced.
    if (!hasContent(copy, bytes)) throw error;
  }
  return copy;
}

/** Another user could plant a library in a folder that is not private, so such a folder is left alone, and another one used. */
function findPrivateFolder(): string {
  // Not userInfo().uid: without HOME and an entry for the user in passwd, userInfo() throws. Windows has no user ids.
  const uid = process.getuid?.();
  const usual = join(tmpdir(), `bun-ffi-${uid ?? userInfo().username}`);
  const isPrivate = (path: string): boolean => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isDirectory()) return false;
    return uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0);
  };
  try {
    mkdirSync(usual, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Something other than a folder has the name.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (isPrivate(usual)) return usual;
  const another = readdirSync(tmpdir())
    .map((name) => join(tmpdir(), name))
    .find((path) => path.startsWith(`${usual}-`) && isPrivate(path));
  return another ?? mkdtempSync(`${usual}-`);
}

function hasContent(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    return false; // not there yet
  }
}

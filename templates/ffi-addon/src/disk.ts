// Files on disk: complete reads and writes, and atomic replacement.
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

export function withFile<Result>(
  path: string,
  flags: string,
  use: (file: number) => Result,
  mode?: number,
): Result {
  const file = openSync(path, flags, mode);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** One call may write only a part of the bytes. */
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

/**
 * Lets `write` fill a temporary file next to `path` and renames it, so that a crash or a power failure leaves the old
 * file or the new one. A killed process also leaves the temporary file, `.<start of the name>.<uuid>.tmp`.
 * The new file keeps the owner, the group and the mode of the old one where the system permits it. If it cannot keep the
 * group, its group gets no access. Access control lists are not kept; a default list of the folder applies.
 */
export function replaceFile(path: string, write: (file: number) => void): void {
  const { target, old } = resolveTarget(path);
  // Only the start of the name, because a long name with the UUID could exceed the file system's limit of 255 bytes.
  const start = basename(target).slice(0, 32);
  const temporary = join(dirname(target), `.${start}.${crypto.randomUUID()}.tmp`);
  const fill = (file: number): void => {
    if (old) copyAccess(old, file);
    write(file);
    fsyncSync(file);
  };
  try {
    // Private until it has the right mode: a reader that opens it earlier would keep its access.
    withFile(temporary, "wx", fill, old ? 0o600 : 0o666);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/** Writes the rename to disk; otherwise a power failure could undo it. */
function syncFolder(path: string): void {
  try {
    withFile(path, "r", fsyncSync);
  } catch {
    // Windows cannot open a folder, and some file systems cannot sync one. The file has been replaced already.
  }
}

/**
 * Follows links to the file that the rename replaces: renaming over a link would replace the link. Refuses a path that is
 * not a file, because root could replace a device such as /dev/null, and a file that this user may not write.
 */
function resolveTarget(path: string): { target: string; old: Stats | undefined } {
  const old = statSync(path, { throwIfNoEntry: false });
  if (old && !old.isFile()) {
    const reason = "there is something other than a file at this path";
    throw Object.assign(new Error(reason), { code: "EINVAL" });
  }
  // Link by link: realpath of the file itself fails with ENOENT while another process replaces the file.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    return resolveTarget(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  }
  if (old) accessSync(path, constants.W_OK); // the rename would replace a write-protected file, too
  return { target: path, old };
}

function copyAccess(from: Stats, file: number): void {
  // First the group alone, which a member of the group may set; then the owner as well, which only root may change.
  const sameOwner = fstatSync(file).uid;
  for (const owner of [sameOwner, from.uid]) {
    try {
      fchownSync(file, owner, from.gid);
    } catch {
      // Not permitted.
    }
  }
  // The group's access must not pass to another group.
  const isSameGroup = fstatSync(file).gid === from.gid;
  const mode = from.mode & (isSameGroup ? 0o777 : 0o707);
  try {
    fchmodSync(file, mode);
  } catch (error) {
    // Some file systems, such as FAT and network shares, cannot change a mode. Theirs is accepted if it grants no more.
    if ((fstatSync(file).mode & 0o777 & ~mode) !== 0) throw error;
  }
}

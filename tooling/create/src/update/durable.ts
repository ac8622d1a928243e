// File operations that survive a power failure: data and directory entries are on the disk when they return.
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../errors.ts";

/**
 * Writes a new file, and creates the directories above it.
 * @param mode permissions, independent of the umask; by default those of a new file
 */
export function writeDurably(file: string, data: string | Uint8Array, mode?: number): void {
  makeDirectory(dirname(file));
  const descriptor = openSync(file, "wx");
  try {
    if (mode !== undefined) fchmodSync(descriptor, mode);
    writeFileSync(descriptor, data);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(dirname(file));
}

/** Moves a file, replaces the one at the target, and creates the directories above it. */
export function moveDurably(from: string, to: string): void {
  makeDirectory(dirname(to));
  renameSync(from, to);
  syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) syncDirectory(dirname(from));
}

/** Removes a file, and the directories above it that become empty, up to `top`: git does not know empty directories. */
export function removeDurably(file: string, top: string): void {
  unlinkSync(file);
  let directory = dirname(file);
  while (directory !== top && existsSync(directory) && readdirSync(directory).length === 0) {
    rmdirSync(directory);
    directory = dirname(directory);
  }
  syncDirectory(directory);
}

function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory);
  syncDirectory(dirname(directory));
}

/** Windows cannot open a directory, and some network file systems cannot flush one. */
function syncDirectory(directory: string): void {
  if (process.platform === "win32" || !existsSync(directory)) return;
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EBADF"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    closeSync(descriptor);
  }
}

// Puts files in their place so that all of them arrive, or none: they are written aside first, then renamed.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { CreateError, systemCode } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";

/** Where files wait inside a directory that exists. Only one run can make it, so it is a lock, too. */
export const STAGING = ".create-bunyard";

/** What later steps add to a directory. */
const ADDED_LATER = [".git", "bun.lock", "node_modules"];

export interface Placed {
  /** Takes everything back, also what later steps have added. */
  readonly undo: () => void;
  /** Lets go of what `undo` needs. */
  readonly settle: () => void;
}

/** Makes the directory with the files in one rename; `top` is the outermost directory that does not exist. */
export async function placeNew(
  directory: string,
  top: string,
  files: FileMap,
  signal: AbortSignal,
): Promise<Placed> {
  const staging = join(dirname(top), `.${basename(top)}.${crypto.randomUUID().slice(0, 8)}`);
  try {
    mkdirSync(staging);
    await writeFiles(join(staging, relative(top, directory)), files, signal);
    moveTo(directory, top, staging);
  } catch (error) {
    throw existsSync(directory) ? appeared(directory) : explained(error, staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const undo = () => {
    rmSync(directory, { recursive: true, force: true });
    removeEmpty(dirname(directory), top);
  };
  return { undo, settle: () => undefined };
}

/** One rename, of the outermost directory that is still missing: a run beside this one may have made some. */
function moveTo(directory: string, top: string, staging: string): void {
  try {
    renameSync(staging, top);
  } catch (error) {
    const [next = ""] = relative(top, directory).split(sep);
    if (next === "" || !existsSync(top)) throw error;
    moveTo(directory, join(top, next), join(staging, next));
  }
}

/** Removes the directories from `inner` up to `outer`, as far as nobody has put something else there. */
function removeEmpty(inner: string, outer: string): void {
  for (let path = inner; path.length >= outer.length; path = dirname(path)) {
    if (readdirSync(path).length > 0) return;
    rmdirSync(path);
  }
}

/**
 * Moves the files into a directory that exists, over those that are there.
 * @param free the directory has to be empty, or to hold no more than a `.git`
 */
export async function placeInto(
  directory: string,
  free: boolean,
  files: FileMap,
  signal: AbortSignal,
): Promise<Placed> {
  const staging = join(directory, STAGING);
  claim(staging);
  const before = readdirSync(directory);
  const undos: (() => void)[] = [];
  const settle = () => rmSync(staging, { recursive: true, force: true });
  const undo = () => {
    for (const step of undos.reverse()) step();
    for (const name of ADDED_LATER.filter((added) => !before.includes(added))) {
      rmSync(join(directory, name), { recursive: true, force: true });
    }
    settle();
  };
  try {
    writeFileSync(join(staging, ".gitignore"), "*\n");
    await writeFiles(join(staging, "new"), files, signal);
    if (free && readdirSync(directory).some((name) => name !== ".git" && name !== STAGING)) {
      throw appeared(directory);
    }
    for (const path of files.keys()) moveIn(path, directory, staging, undos);
  } catch (error) {
    undo();
    throw explained(error, staging);
  }
  return { undo, settle };
}

/** Moves one file in, and the one that it replaces aside; notes how to take each step back. */
function moveIn(path: string, directory: string, staging: string, undos: (() => void)[]): void {
  const target = join(directory, path);
  const made = mkdirSync(dirname(target), { recursive: true });
  if (made !== undefined) undos.push(() => rmSync(made, { recursive: true, force: true }));
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    const aside = join(staging, "old", path);
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(target, aside);
    undos.push(() => renameSync(aside, target));
  }
  renameSync(join(staging, "new", path), target);
  undos.push(() => rmSync(target, { force: true }));
}

/** Synchronous in batches, which is the fastest way for small files; signals are seen in between. */
async function writeFiles(folder: string, files: FileMap, signal: AbortSignal): Promise<void> {
  const made = new Set<string>();
  let count = 0;
  for (const [path, content] of files) {
    const target = join(folder, path);
    const parent = dirname(target);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(target, content);
    count += 1;
    if (count % 32 === 0) await Bun.sleep(0);
    signal.throwIfAborted();
  }
}

function claim(staging: string): void {
  try {
    mkdirSync(staging);
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw busy(dirname(staging));
    throw explained(error, staging);
  }
}

/** The refusal of a directory in which another run is at work. */
export const busy = (directory: string): CreateError =>
  new CreateError(
    "target_busy",
    `Another run is creating a project in ${directory}.`,
    `Wait for it. If there is none, delete ${join(directory, STAGING)}.`,
  );

const appeared = (path: string): CreateError =>
  new CreateError("target_exists", `${path} was filled by somebody else in the meantime.`);

function explained(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof CreateError) return error;
  const options = { cause: error };
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    return new CreateError(
      "not_writable",
      `${dirname(path)} can't be written to (${code}).`,
      undefined,
      options,
    );
  }
  const hint = ["ENOSPC", "EDQUOT", "EFBIG"].includes(code)
    ? "Make room and try again."
    : undefined;
  const message = `Writing failed, and nothing is left of it: ${String(error)}`;
  return new CreateError("write_failed", message, hint, options);
}

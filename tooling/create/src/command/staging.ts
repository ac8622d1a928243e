// Writes files so that all of them arrive or none: into a staging directory first, from which they are renamed.
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
import { dirname, join, relative, sep } from "node:path";
import { CreateError, systemCode } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { withReadableMessage } from "./write-errors.ts";

/** The staging directory inside an existing directory. Only one run can create it, so it is a lock as well. */
export const STAGING_DIRECTORY = ".create-bunyard";

/** Refuses a directory to which another run is writing, or was when it was killed. */
export function targetBusy(directory: string): CreateError {
  const staging = join(directory, STAGING_DIRECTORY);
  const backups = join(staging, "old");
  const restore = existsSync(backups)
    ? `restore the files that it replaced from ${backups}, then delete ${staging}`
    : `delete ${staging}`;
  return new CreateError(
    "target_busy",
    `Another run is creating a project in ${directory}, or was killed.`,
    `Wait for it. If it was killed, ${restore}.`,
  );
}

const targetChanged = (path: string): CreateError =>
  new CreateError(
    "target_exists",
    `Another program wrote to ${path} during the run.`,
    "Choose another directory.",
  );

/** Folders that later steps add to the project's directory. */
const ADDED_LATER = [".git", "node_modules"];

/** Files that were written. Call one of the two functions. */
export interface Written {
  /** Restores the state from before the run. Removes what later steps added, too. */
  readonly undo: () => void;
  /** Deletes the backups that `undo` needs. */
  readonly commit: () => void;
}

/** Creates the directory with its files in one rename; `top` is the outermost directory that does not exist. */
export async function createDirectory(
  directory: string,
  top: string,
  files: FileMap,
  signal: AbortSignal,
): Promise<Written> {
  const staging = join(dirname(top), `${STAGING_DIRECTORY}.${crypto.randomUUID().slice(0, 8)}`);
  try {
    mkdirSync(staging);
    await writeFiles(join(staging, relative(top, directory)), files, signal);
    moveTo(directory, top, staging);
  } catch (error) {
    throw existsSync(directory) ? targetChanged(directory) : withReadableMessage(error, staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const undo = () => {
    rmSync(directory, { recursive: true, force: true });
    removeEmpty(dirname(directory), top);
  };
  return { undo, commit: () => undefined };
}

/** Renames the outermost directory that is still missing: a concurrent run may have created some of them. */
function moveTo(directory: string, top: string, staging: string): void {
  try {
    renameSync(staging, top);
  } catch (error) {
    const [next = ""] = relative(top, directory).split(sep);
    if (next === "" || !existsSync(top)) throw error;
    moveTo(directory, join(top, next), join(staging, next));
  }
}

/** Removes the directories from `inner` up to `outer`, until one is not empty. */
function removeEmpty(inner: string, outer: string): void {
  for (let path = inner; path.length >= outer.length; path = dirname(path)) {
    if (readdirSync(path).length > 0) return;
    rmdirSync(path);
  }
}

/**
 * Moves the files into an existing directory, and replaces the files that are there.
 * @param isFree the plan found no entry but `.git`, so any other entry is from another program, and an error
 */
export async function fillDirectory(
  directory: string,
  isFree: boolean,
  files: FileMap,
  signal: AbortSignal,
): Promise<Written> {
  const staging = join(directory, STAGING_DIRECTORY);
  claim(staging);
  const before = readdirSync(directory);
  const undos: (() => void)[] = [];
  const commit = () => rmSync(staging, { recursive: true, force: true });
  const undo = () => {
    for (const step of undos.reverse()) step();
    for (const name of ADDED_LATER.filter((added) => !before.includes(added))) {
      rmSync(join(directory, name), { recursive: true, force: true });
    }
    commit();
  };
  try {
    writeFileSync(join(staging, ".gitignore"), "*\n");
    await writeFiles(join(staging, "new"), files, signal);
    if (
      isFree &&
      readdirSync(directory).some((name) => name !== ".git" && name !== STAGING_DIRECTORY)
    ) {
      throw targetChanged(directory);
    }
    for (const path of files.keys()) moveIn(path, directory, staging, undos);
  } catch (error) {
    undo();
    throw withReadableMessage(error, staging);
  }
  return { undo, commit };
}

/** Moves one file in, after a backup of the file that it replaces. Records how to undo each step. */
function moveIn(path: string, directory: string, staging: string, undos: (() => void)[]): void {
  const target = join(directory, path);
  const created = mkdirSync(dirname(target), { recursive: true });
  if (created !== undefined) undos.push(() => rmSync(created, { recursive: true, force: true }));
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    const backup = join(staging, "old", path);
    mkdirSync(dirname(backup), { recursive: true });
    renameSync(target, backup);
    undos.push(() => renameSync(backup, target));
  }
  renameSync(join(staging, "new", path), target);
  undos.push(() => rmSync(target, { force: true }));
}

/** Writes synchronously in batches, which is fastest for small files. Signals are handled between batches. */
async function writeFiles(folder: string, files: FileMap, signal: AbortSignal): Promise<void> {
  const created = new Set<string>();
  let count = 0;
  for (const [path, content] of files) {
    const target = join(folder, path);
    const parent = dirname(target);
    if (!created.has(parent)) mkdirSync(parent, { recursive: true });
    created.add(parent);
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
    if (systemCode(error) === "EEXIST") throw targetBusy(dirname(staging));
    throw withReadableMessage(error, staging);
  }
}

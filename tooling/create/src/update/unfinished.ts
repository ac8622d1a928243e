// Finds out what an interrupted update left in the staging directory of a project.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RUN } from "../command/definition.ts";
import { STAGING_DIRECTORY } from "../command/staging.ts";
import { entryAt } from "../command/target.ts";
import { CreateError, systemCode } from "../errors.ts";

/** Exists from the moment when everything is staged to the moment when every file is swapped. */
export const FORWARD = "journal.json";
/** The same file, renamed: an abort has begun, and only an abort can finish it. */
export const BACKWARD = "abort.json";
/** The same file, renamed: every file is swapped. It is the last file that is removed. */
export const DONE = "done.json";
/** The first file in the staging directory. */
export const LOCK = "lock";

/** What an earlier run left. `staging`: every file is as it was before the update. `done`: every file is new. */
export type Unfinished = "none" | "staging" | "update" | "abort" | "done";

/** @throws {CreateError} `refused` for an entry of this name that is not from an update: it would be deleted */
export function unfinishedIn(directory: string): Unfinished {
  const staging = join(directory, STAGING_DIRECTORY);
  const entry = entryAt(staging);
  if (entry === undefined) return "none";
  const names = entry.isDirectory() ? namesIn(staging) : undefined;
  if (names === undefined || isForeign(names)) {
    const message = `${staging} is in the way: it is not from an update, and an update needs this name.`;
    throw new CreateError("refused", message, "Move it to another folder, and try again.");
  }
  // An update creates the directory before its first file, and removes it after its last one.
  if (names.length === 0) return "none";
  if (names.includes(DONE)) return "done";
  if (names.includes(FORWARD)) return "update";
  return names.includes(BACKWARD) ? "abort" : "staging";
}

/** An update has a lock from the start. Without one, only these may be deleted: `create` keeps backups here, too. */
const isForeign = (names: readonly string[]): boolean =>
  !names.includes(LOCK) && names.some((name) => ![".gitignore", DONE].includes(name));

/** Empty for a directory that another run has just removed. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** @throws {CreateError} `usage` unless an earlier update was interrupted */
export function requireUnfinished(directory: string): Exclude<Unfinished, "none"> {
  const state = unfinishedIn(directory);
  if (state !== "none") return state;
  throw new CreateError(
    "usage",
    `No update of ${directory} was interrupted.`,
    `Run: ${RUN} update`,
  );
}

/** @throws {CreateError} `unfinished` if an earlier update was interrupted */
export function refuseUnfinished(directory: string): void {
  if (unfinishedIn(directory) === "none") return;
  throw unfinished(directory);
}

export const unfinished = (directory: string): CreateError =>
  new CreateError(
    "unfinished",
    `An update of ${directory} is running, or was interrupted.`,
    `Finish it with: ${RUN} update --continue\n  Undo it with: ${RUN} update --abort`,
  );

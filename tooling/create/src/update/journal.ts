// Replaces files so that a crash at any moment can be finished or undone: new and old contents are staged before the first change.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { RUN } from "../command/definition.ts";
import { shellQuoted } from "../command/shell.ts";
import { STAGING_DIRECTORY } from "../command/staging.ts";
import { withReadableMessage } from "../command/write-errors.ts";
import { CreateError, systemCode } from "../errors.ts";
import { isObject } from "../flatten/json.ts";
import { lockFile } from "../lock.ts";
import { moveDurably, removeDurably, writeDurably } from "./durable.ts";
import { entryIn, type Own } from "./own-files.ts";
import type { Write, Writes } from "./plan.ts";
import { BACKWARD, DONE, FORWARD, LOCK, unfinished, unfinishedIn } from "./unfinished.ts";

/** The file whose change completes the update: it contains the stamp. */
const LAST = "package.json";

interface Entry {
  readonly path: string;
  /** SHA-256 of the contents; null for no file. */
  readonly before: string | null;
  readonly after: string | null;
}

interface Journal {
  readonly entries: readonly Entry[];
  readonly report: unknown;
}

/**
 * Swaps all files. If one cannot be swapped, the files before it are restored; a file that the user edits during the swap
 * keeps the edit.
 * @param report summary of the update, which `--continue` prints
 * @param planned the user's files as the plan read them: one that changed since then is not replaced
 * @throws {CreateError} after restoring the old files, byte for byte
 */
export function swapFiles(
  directory: string,
  writes: Writes,
  report: unknown,
  planned: (path: string) => Own,
  signal: AbortSignal,
): void {
  const staging = join(directory, STAGING_DIRECTORY);
  try {
    claim(staging);
    runExclusive(directory, () => {
      writeDurably(join(staging, ".gitignore"), "*\n");
      writeDurably(join(staging, "README.md"), rescue(directory));
      const entries = [...writes]
        .map(([path, write]) => stage(directory, path, write, planned(path)))
        .sort((a, b) => rank(a) - rank(b));
      const journal: Journal = { entries, report };
      signal.throwIfAborted();
      // A rename is atomic: the journal is complete, or does not exist.
      writeDurably(join(staging, "unfinished.json"), JSON.stringify(journal));
      moveDurably(join(staging, "unfinished.json"), join(staging, FORWARD));
      try {
        swapForward(directory, entries, editedDuringRun);
      } catch (error) {
        withRemedy("abort", () => swapBackward(directory, entries));
        throw error;
      }
    });
  } catch (error) {
    throw withReadableMessage(error, staging);
  }
}

/** Removals come first: a directory may replace a file, and a name may change its case. */
const rank = ({ path, after }: Entry): number => (path === LAST ? 2 : after === null ? 0 : 1);

/** Holds the lock during an action. Afterwards, removes the staging directory, unless it has a journal to finish. */
function runExclusive<T>(directory: string, action: () => T): T {
  const staging = join(directory, STAGING_DIRECTORY);
  using lock = lockFile(join(staging, LOCK), () => busy(directory));
  try {
    return action();
  } finally {
    // Windows cannot remove an open file.
    if (process.platform === "win32") lock[Symbol.dispose]();
    if (["staging", "done"].includes(unfinishedIn(directory))) removeStaging(staging);
  }
}

/** The names that tell the state are removed last, so that a crash does not change it. */
function removeStaging(staging: string): void {
  const others = readdirSync(staging).filter((name) => name !== LOCK && name !== DONE);
  for (const name of [...others, LOCK, DONE]) {
    rmSync(join(staging, name), { recursive: true, force: true });
  }
  try {
    rmdirSync(staging);
  } catch {
    // Another run uses it already.
  }
}

function stage(directory: string, path: string, { content, mode }: Write, planned: Own): Entry {
  const before = hashAt(directory, path);
  const expected = planned.kind === "file" ? hashOf(planned.content) : null;
  if (before !== expected) throw editedDuringRun([path]);
  const write = (folder: string, data: Uint8Array | undefined, mode: number | undefined) => {
    if (data === undefined) return;
    writeDurably(join(directory, STAGING_DIRECTORY, folder, path), data, mode);
  };
  if (planned.kind === "file") write("old", planned.content, planned.mode);
  write("new", content, mode);
  return { path, before, after: content === undefined ? null : hashOf(content) };
}

/**
 * Swaps the remaining files of an update, if there are any, and returns its summary.
 * @throws {CreateError} `refused` if a file was edited after the interruption
 */
export const finish = (directory: string): unknown =>
  runExclusive(directory, () => {
    if (unfinishedIn(directory) === "done") return journalIn(directory, DONE).report;
    const { entries, report } = journalIn(directory, FORWARD);
    refuseEdited(directory, entries);
    refuseLost(directory, entries, "new");
    withRemedy("continue", () => swapForward(directory, entries, editedSince));
    return report;
  });

/**
 * Restores the files from before the update.
 * @throws {CreateError} `refused` if a file was edited after the interruption
 */
export const abort = (directory: string): void =>
  runExclusive(directory, () => {
    const state = unfinishedIn(directory);
    if (state === "staging") return;
    const { entries } = journalIn(directory, state === "abort" ? BACKWARD : FORWARD);
    refuseEdited(directory, entries);
    refuseLost(directory, entries, "old");
    withRemedy("abort", () => swapBackward(directory, entries));
  });

type Refusal = (paths: readonly string[]) => CreateError;

function swapForward(directory: string, entries: readonly Entry[], refusal: Refusal): void {
  for (const entry of entries) {
    // An editor may save a file at any moment, and the rename would overwrite what it saved.
    if (isEdited(directory, entry)) throw refusal([entry.path]);
    place(directory, entry.path, "new", entry.after);
  }
  const staging = join(directory, STAGING_DIRECTORY);
  moveDurably(join(staging, FORWARD), join(staging, DONE));
}

/** Leaves edited files as they are. */
function swapBackward(directory: string, entries: readonly Entry[]): void {
  const staging = join(directory, STAGING_DIRECTORY);
  if (unfinishedIn(directory) === "update") {
    moveDurably(join(staging, FORWARD), join(staging, BACKWARD));
  }
  for (const entry of entries.toReversed()) {
    if (!isEdited(directory, entry)) place(directory, entry.path, "old", entry.before);
  }
  removeDurably(join(staging, BACKWARD), staging);
}

/** A failure in the middle of a swap leaves a mix of old and new files, and the option that resolves it. */
function withRemedy(option: "continue" | "abort", swap: () => void): void {
  try {
    swap();
  } catch (error) {
    if (error instanceof CreateError) throw error;
    const message = `Writing failed, so some files are from before the update and some are new: ${error}`;
    const hint = `Remove the cause, then run: ${RUN} update --${option}`;
    throw new CreateError("write_failed", message, hint, { cause: error });
  }
}

/** Brings a file into its staged state. */
function place(directory: string, path: string, folder: "new" | "old", hash: string | null): void {
  const target = join(directory, path);
  const staged = join(directory, STAGING_DIRECTORY, folder, path);
  if (hashAt(directory, path) === hash) return;
  if (hash === null) removeDurably(target, directory);
  else moveDurably(staged, target);
}

/** Whether a file has neither its old nor its new content: replacing it would lose an edit. */
function isEdited(directory: string, { path, before, after }: Entry): boolean {
  const stats = entryIn(directory, path);
  // A directory has replaced a file that was removed, or whose parents are restored later.
  if (stats === undefined || stats.isDirectory()) return false;
  return !stats.isFile() || ![before, after].includes(hashAt(directory, path));
}

function refuseEdited(directory: string, entries: readonly Entry[]): void {
  const edited = entries.filter((entry) => isEdited(directory, entry));
  if (edited.length > 0) throw editedSince(edited.map(({ path }) => path));
}

const editedSince: Refusal = (paths) =>
  new CreateError(
    "refused",
    `These files were changed after the update was interrupted: ${paths.join(", ")}`,
    "Move them out of the project, then try again.",
  );

const editedDuringRun: Refusal = (paths) =>
  new CreateError(
    "refused",
    `These files were changed during the update: ${paths.join(", ")}. Nothing was updated.`,
    "Commit or stash your changes, and try again.",
  );

/** A swap moves the staged content. Where a swapped file was restored or deleted since, its content is gone. */
function refuseLost(directory: string, entries: readonly Entry[], folder: "new" | "old"): void {
  const lost = entries.filter(({ path, before, after }) => {
    const hash = folder === "new" ? after : before;
    const staged = join(directory, STAGING_DIRECTORY, folder, path);
    return hash !== null && hashAt(directory, path) !== hash && !existsSync(staged);
  });
  if (lost.length === 0) return;
  const names = lost.map(({ path }) => path).join(", ");
  throw new CreateError(
    "refused",
    `These files were restored or deleted after the update was interrupted: ${names}`,
    folder === "new" ? `Run: ${RUN} update --abort` : "Restore them with git, then try again.",
  );
}

function journalIn(directory: string, name: string): Journal {
  const file = join(directory, STAGING_DIRECTORY, name);
  try {
    const journal: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isObject(journal) && Array.isArray(journal.entries)) return journal as unknown as Journal;
  } catch {
    // Reported below, like a journal without entries.
  }
  throw new CreateError(
    "refused",
    `${file} is damaged.`,
    `The files before the update are in git and in ${join(dirname(file), "old")}. Restore them with git, then delete ${dirname(file)}.`,
  );
}

function claim(staging: string): void {
  try {
    mkdirSync(staging);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    if (unfinishedIn(dirname(staging)) !== "none") throw unfinished(dirname(staging));
  }
}

const busy = (directory: string): CreateError =>
  new CreateError(
    "unfinished",
    `An update of ${directory} is running.`,
    "Wait until it has ended.",
  );

/** Text for the user. With `--project`, the command also works if the project's bunfig.toml is broken. */
const rescue = (directory: string): string => `# An update of this project was interrupted

Finish it:

    ${RUN} update --continue

Or undo it:

    ${RUN} update --abort

If Bun does not start in the project, for example because of its bunfig.toml, run the command in an empty folder:

    ${RUN} update --abort --project ${shellQuoted(directory)}
`;

/** Null for anything other than a file. */
function hashAt(directory: string, path: string): string | null {
  const isFile = entryIn(directory, path)?.isFile() ?? false;
  return isFile ? hashOf(readFileSync(join(directory, path))) : null;
}

const hashOf = (content: Uint8Array): string =>
  new Bun.CryptoHasher("sha256").update(content).digest("hex");

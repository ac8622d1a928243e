// Interrupted updates: after a kill at any moment, on a full disk, or with a file that cannot be replaced.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { STAGING_DIRECTORY } from "../src/command/staging.ts";
import { bytes } from "../src/flatten/file-map.ts";
import { abort, finish, swapFiles } from "../src/update/journal.ts";
import { ownFiles } from "../src/update/own-files.ts";
import type { Write, Writes } from "../src/update/plan.ts";
import { refuseUnfinished, requireUnfinished, unfinishedIn } from "../src/update/unfinished.ts";
import { afterOf, beforeOf, ownOf, pathsOf, writesOf } from "./swap-sample.ts";

const MOMENTS = 50;
const COUNT = 60;
/** About how long the two phases take. A kill that comes later finds the new files. */
const STAGING_MS = 30;
const SWAP_MS = 10;
const PATHS = pathsOf(COUNT);
setDefaultTimeout(300_000);

const LAST = "package.json";
const signal = new AbortController().signal;

const root = await realpath(await mkdtemp(join(tmpdir(), "create-bunyard-journal-")));

type Contents = (path: string) => Uint8Array | undefined;

function write(directory: string, contents: Contents): void {
  for (const path of PATHS) {
    const content = contents(path);
    if (content === undefined) continue;
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

function project(name: string): string {
  const directory = join(root, name);
  write(directory, beforeOf);
  return directory;
}

/** Every file with its content, staging files included. */
function tree(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(directory.length + 1), readFileSync(file, "utf8")]),
  );
}

const treeOf = (contents: Contents): Record<string, string> =>
  Object.fromEntries(
    PATHS.flatMap((path) => {
      const content = contents(path);
      return content === undefined ? [] : [[path, new TextDecoder().decode(content)]];
    }),
  );

const [OLD, NEW] = [treeOf(beforeOf), treeOf(afterOf)];
const writes = writesOf(PATHS);

/** Starts a swap in another process, and resolves to it when it begins. */
async function start(directory: string) {
  const entry = join(import.meta.dir, "swap-entry.ts");
  const child = Bun.spawn([process.execPath, entry, directory, String(COUNT)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const reader = child.stdout.getReader();
  await reader.read();
  return { child, reader };
}

test("a swap that is not interrupted leaves the new files and nothing else", () => {
  const directory = project("whole");
  swapFiles(directory, writes, {}, ownOf, signal);
  expect(tree(directory)).toEqual(NEW);
  expect(() => requireUnfinished(directory)).toThrow("No update");
});

test("after kill -9 at any moment, --continue reaches the new files, and --abort the old ones", async () => {
  const states: Record<string, number> = {};
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    const directory = project(`killed-${moment}`);
    const { child } = await start(directory);
    // Staging takes most of the time, so two thirds of the kills come after it.
    if (moment % 3 > 0) await reaches("update", directory, child);
    await Bun.sleep(Math.random() * (moment % 3 > 0 ? SWAP_MS : STAGING_MS));
    child.kill("SIGKILL");
    await child.exited;
    const state = unfinishedIn(directory);
    states[state] = (states[state] ?? 0) + 1;
    if (state === "none") {
      expect([OLD, NEW]).toContainEqual(tree(directory));
    } else if (state === "staging" || (state === "update" && moment % 2 === 0)) {
      abort(directory);
      expect(tree(directory)).toEqual(OLD);
    } else {
      finish(directory);
      expect(tree(directory)).toEqual(NEW);
    }
    rmSync(directory, { recursive: true });
  }
  expect(Object.keys(states), JSON.stringify(states)).toContain("update");
});

test("an update that was killed after the last file is finished, and no longer undone", async () => {
  const directory = join(root, "done");
  await interrupt(directory, "done");
  expect(tree(directory)).toMatchObject(NEW);
  expect(finish(directory)).toEqual({});
  expect(tree(directory)).toEqual(NEW);
});

/** Root may mount and may set the immutable flag. Other users write-protect a directory. */
const isRoot = process.getuid?.() === 0;
const succeeds = (...command: string[]) => Bun.spawnSync(command).exitCode === 0;

test("a folder that cannot be written to is named, and the files before it are restored", () => {
  const directory = project("read-only");
  const path = PATHS.findLast((path) => beforeOf(path) && afterOf(path) && path !== LAST) ?? "";
  const folder = dirname(join(directory, path));
  if (isRoot) expect(succeeds("chattr", "+i", folder)).toBe(true);
  else chmodSync(folder, 0o555);
  try {
    expect(() => swapFiles(directory, writes, {}, ownOf, signal)).toThrow(
      `${folder} is not writable`,
    );
  } finally {
    if (isRoot) succeeds("chattr", "-i", folder);
    else chmodSync(folder, 0o755);
  }
  expect(tree(directory)).toEqual(OLD);
  expect(unfinishedIn(directory)).toBe("none");
});

test.skipIf(!isRoot)("a file that cannot be replaced is named, and nothing is changed", () => {
  const directory = project("immutable");
  const path = PATHS.find((path) => beforeOf(path) && afterOf(path) && path !== LAST) ?? "";
  const file = join(directory, path);
  expect(succeeds("chattr", "+i", file)).toBe(true);
  try {
    expect(() => swapFiles(directory, writes, {}, ownOf, signal)).toThrow(
      `${file} is not writable`,
    );
  } finally {
    succeeds("chattr", "-i", file);
  }
  expect(tree(directory)).toEqual(OLD);
  expect(unfinishedIn(directory)).toBe("none");
});

const full = join(root, "full");
mkdirSync(full);
const isMounted = isRoot && succeeds("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", full);
afterAll(async () => {
  if (isMounted) succeeds("umount", full);
  await rm(root, { recursive: true, force: true });
});

test.skipIf(!isMounted)("a full disk (skipped where no file system can be mounted)", () => {
  const directory = project("full");
  expect(() => swapFiles(directory, writes, {}, ownOf, signal)).toThrow("ENOSPC");
  expect(tree(directory)).toEqual(OLD);
  expect(unfinishedIn(directory)).toBe("none");
});

test("a file that was edited after an interruption is not overwritten", async () => {
  const directory = project("edited");
  await interrupt(directory);
  const path = PATHS.find((path) => beforeOf(path) && afterOf(path)) ?? "";
  writeFileSync(join(directory, path), "edited");
  for (const end of [abort, finish]) expect(() => end(directory)).toThrow(path);
  expect(readFileSync(join(directory, path), "utf8")).toBe("edited");
  rmSync(join(directory, path));
  abort(directory);
  expect(tree(directory)).toEqual(OLD);
});

test.each([
  ["a file", (path: string) => writeFileSync(path, "mine")],
  ["a broken link", (path: string) => symlinkSync("nowhere", path)],
  ["a folder of the user", (path: string) => mkdirSync(join(path, "mine"), { recursive: true })],
])("%s with the name of the staging directory is refused, and stays", (name, make) => {
  const directory = project(`in-the-way-${name}`);
  const staging = join(directory, STAGING_DIRECTORY);
  make(staging);
  for (const action of [refuseUnfinished, requireUnfinished]) {
    expect(() => action(directory)).toThrow(`${staging} is in the way`);
  }
  expect(lstatSync(staging)).toBeDefined();
});

test("a file that changed since the plan was made is not replaced", () => {
  const directory = project("raced");
  writeFileSync(join(directory, LAST), "raced");
  expect(() => swapFiles(directory, writes, {}, ownOf, signal)).toThrow(
    `during the update: ${LAST}`,
  );
  expect(tree(directory)).toEqual({ ...OLD, [LAST]: "raced" });
});

test("a file that was edited after the plan was made from it is not replaced", () => {
  const directory = project("planned");
  const own = ownFiles(directory, undefined);
  for (const path of PATHS) own(path);
  writeFileSync(join(directory, LAST), "edited");
  expect(() => swapFiles(directory, writes, {}, own, signal)).toThrow(`during the update: ${LAST}`);
  expect(tree(directory)).toEqual({ ...OLD, [LAST]: "edited" });
});

/** Serialized into the journal, after everything is staged and before the first file is swapped. */
const editOnJournal = (edit: () => void): object => ({
  toJSON: () => {
    edit();
    return {};
  },
});

test("a file that was edited during the staging keeps the edit, and nothing else is changed", () => {
  const directory = project("staging");
  const report = editOnJournal(() => writeFileSync(join(directory, LAST), "edited"));
  expect(() => swapFiles(directory, writes, report, ownOf, signal)).toThrow(
    `during the update: ${LAST}. Nothing was updated.`,
  );
  expect(tree(directory)).toEqual({ ...OLD, [LAST]: "edited" });
  expect(unfinishedIn(directory)).toBe("none");
});

test("a file that was edited during the swap keeps the edit, and the others are restored", async () => {
  let printed = "";
  while (!printed.includes(`during the update: ${LAST}`)) {
    const directory = join(root, "saved");
    rmSync(directory, { recursive: true, force: true });
    write(directory, beforeOf);
    const { child } = await start(directory);
    await reaches("update", directory, child);
    // As an editor saves. The file is the last one of the swap.
    const saved = join(root, "saved.tmp");
    writeFileSync(saved, "edited");
    renameSync(saved, join(directory, LAST));
    [printed] = await Promise.all([child.stderr.text(), child.exited]);
    const others = printed === "" ? NEW : OLD;
    expect(tree(directory)).toEqual({ ...others, [LAST]: "edited" });
  }
});

test.skipIf(!isRoot)("a rollback that fails is reported as one, and --abort completes it", () => {
  const directory = project("stuck");
  const path = PATHS.find((path) => beforeOf(path) && afterOf(path) && path !== LAST) ?? "";
  const staged = [join("new", LAST), join("old", path)];
  const mark = (flag: string) =>
    succeeds("chattr", flag, ...staged.map((file) => join(directory, STAGING_DIRECTORY, file)));
  const report = editOnJournal(() => expect(mark("+i")).toBe(true));
  try {
    expect(() => swapFiles(directory, writes, report, ownOf, signal)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("some files are from before the update and some are new"),
        hint: expect.stringContaining("update --abort"),
      }),
    );
  } finally {
    mark("-i");
  }
  abort(directory);
  expect(tree(directory)).toEqual(OLD);
});

test.each([
  ["restored with git", (file: string, old: Uint8Array) => writeFileSync(file, old)],
  ["deleted", (file: string) => rmSync(file)],
])(
  "a swapped file that was %s: --continue refuses, and --abort restores",
  async (state, change) => {
    const directory = project(state);
    await interrupt(directory);
    const path = PATHS.find((path) => beforeOf(path) && afterOf(path) && path !== LAST) ?? "";
    const staged = join(directory, STAGING_DIRECTORY, "new", path);
    if (existsSync(staged)) renameSync(staged, join(directory, path));
    change(join(directory, path), beforeOf(path) ?? bytes(""));
    expect(() => finish(directory)).toThrow(path);
    abort(directory);
    expect(tree(directory)).toEqual(OLD);
  },
);

test.each(["a file becomes a folder", "a folder becomes a file"])("%s, and back", (direction) => {
  const [file, below] = [{ x: "file" }, { "x/y/z": "below" }];
  const [before, after] = direction.startsWith("a file") ? [file, below] : [below, file];
  const directory = join(root, direction);
  const changes: Writes = new Map<string, Write>([
    ...Object.keys(before).map((path) => [path, { content: undefined, mode: undefined }] as const),
    ...Object.entries(after).map(
      ([path, text]) => [path, { content: bytes(text), mode: undefined }] as const,
    ),
  ]);
  for (const [path, text] of Object.entries(before)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const own = ownFiles(directory, undefined);
  // The last file cannot be written, so that the swap is undone.
  const failing = new Map([
    ...changes,
    ["zz/zz", { content: bytes(""), mode: undefined }],
  ] as const);
  writeFileSync(join(directory, "zz"), "in the way");
  expect(() => swapFiles(directory, failing, {}, own, signal)).toThrow();
  expect(tree(directory)).toEqual({ ...before, zz: "in the way" });
  swapFiles(directory, changes, {}, own, signal);
  expect(tree(directory)).toEqual({ ...after, zz: "in the way" });
});

/** Waits for a state: `update` once everything is staged, `done` once every file is swapped. */
async function reaches(
  state: "update" | "done",
  directory: string,
  child: Bun.Subprocess,
): Promise<void> {
  while (unfinishedIn(directory) !== state && child.exitCode === null) await Bun.sleep(0);
}

/** Kills swaps until one is interrupted in a state. */
async function interrupt(directory: string, state: "update" | "done" = "update"): Promise<void> {
  while (unfinishedIn(directory) !== state) {
    rmSync(directory, { recursive: true, force: true });
    write(directory, beforeOf);
    const { child } = await start(directory);
    await reaches(state, directory, child);
    child.kill("SIGKILL");
    await child.exited;
  }
}

// The cache returns exactly what was stored, or calls `make` again.
import { expect, test } from "bun:test";
import {
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Cache } from "../build/cache.ts";
import { changedSince, readFolder } from "../build/files.ts";
import { command } from "./command.ts";
import { Folder } from "./folder.ts";

const files = new Map([
  ["a.txt", new TextEncoder().encode("one")],
  ["b/empty", new Uint8Array()],
]);

/** Returns how often the cache called `make`. */
async function countMakes(cache: Cache, key: string): Promise<number> {
  let made = 0;
  const got = await cache.files(key, async () => {
    made++;
    return files;
  });
  expect([...got].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])).toEqual([
    ["a.txt", "one"],
    ["b/empty", ""],
  ]);
  return made;
}

test("an existing entry is reused", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  expect(await countMakes(cache, "key")).toBe(1);
  expect(await countMakes(cache, "key")).toBe(0);
  expect(await countMakes(cache, "other")).toBe(1);
});

test("an entry that is truncated, or has any byte changed, is made again", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  await countMakes(cache, "key");
  const entry = readFileSync(folder.at("key"));
  for (const length of entry.keys()) {
    writeFileSync(folder.at("key"), entry.subarray(0, length));
    expect(await countMakes(cache, "key")).toBe(1);
    const damaged = Buffer.from(entry);
    damaged[length] = (damaged[length] ?? 0) ^ 1;
    writeFileSync(folder.at("key"), damaged);
    expect(await countMakes(cache, "key")).toBe(1);
  }
});

test("nothing is stored under a key whose inputs have changed", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => false);
  expect(await countMakes(cache, "key")).toBe(1);
  expect(await countMakes(cache, "key")).toBe(1);
});

test("a cache that stored nothing can be pruned", () => {
  using folder = new Folder();
  expect(() => new Cache(folder.at("missing"), () => false).prune()).not.toThrow();
});

test("pruning removes the oldest entries, including temporary files of killed builds", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  await folder.write({ "killed.tmp": "x".repeat(1000), "new-killed/a.txt": "1" });
  for (const name of ["killed.tmp", "new-killed"]) utimesSync(folder.at(name), 0, 0);
  await countMakes(cache, "old");
  utimesSync(folder.at("old"), 1, 1);
  await countMakes(cache, "new");
  const { size } = statSync(folder.at("new"));
  cache.prune(2 * size);
  expect(readdirSync(folder.path).toSorted()).toEqual(["new", "old"]);
  cache.prune(2 * size - 1);
  expect(readdirSync(folder.path)).toEqual(["new"]);
});

test("symbolic links are followed, but not in a loop; dangling links and pipes are omitted", async () => {
  using folder = new Folder();
  await folder.write({ "a/one.txt": "1", "b/two.txt": "2" });
  symlinkSync("../b", folder.at("a/folder"));
  symlinkSync(".", folder.at("a/loop"));
  symlinkSync("../a", folder.at("b/loop"));
  symlinkSync("../b/two.txt", folder.at("a/file.txt"));
  symlinkSync("me@host.1234", folder.at("a/.#one.txt")); // Emacs, while somebody edits
  expect(await command(folder.path, ["mkfifo", "a/pipe"])).toMatchObject({ exitCode: 0 });
  expect(changedSince(Date.now() + 60_000, [folder.at("a")])).toBe(false);
  expect([...readFolder(folder.at("a")).keys()]).toEqual(["file.txt", "folder/two.txt", "one.txt"]);
});

test("removing a file counts as a change of its folder", async () => {
  using folder = new Folder();
  await folder.write({ "a/b.txt": "1", "a/c/d.txt": "1" });
  const ctimes = ["a", "a/c", "a/b.txt", "a/c/d.txt"].map((p) => statSync(folder.at(p)).ctimeMs);
  const startTime = Math.max(...ctimes) + 1;
  expect(changedSince(startTime, [folder.at("a")])).toBe(false);
  while (Date.now() < startTime + 20) await Bun.sleep(1); // file systems round timestamps to ticks
  rmSync(folder.at("a/c/d.txt"));
  expect(changedSince(startTime, [folder.at("a")])).toBe(true);
});

test("a new file with an old modification time counts as a change", async () => {
  using folder = new Folder();
  const startTime = Date.now() - 1000;
  await folder.write({ "a/b.txt": "1" });
  utimesSync(folder.at("a/b.txt"), 0, 0);
  expect(changedSince(startTime, [folder.at("a")])).toBe(true);
  expect(changedSince(Date.now() + 60_000, [folder.at("a")])).toBe(false);
});

// The cache gives back what was put in, or has it made again: never anything else.
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

/** How often the files had to be made. */
async function timesMade(cache: Cache, key: string): Promise<number> {
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

test("an entry that is there is not made again", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  expect(await timesMade(cache, "key")).toBe(1);
  expect(await timesMade(cache, "key")).toBe(0);
  expect(await timesMade(cache, "other")).toBe(1);
});

test("an entry of which any byte changed, or that was cut, is made again", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  await timesMade(cache, "key");
  const whole = readFileSync(folder.at("key"));
  for (const length of whole.keys()) {
    writeFileSync(folder.at("key"), whole.subarray(0, length));
    expect(await timesMade(cache, "key")).toBe(1);
    const damaged = Buffer.from(whole);
    damaged[length] = (damaged[length] ?? 0) ^ 1;
    writeFileSync(folder.at("key"), damaged);
    expect(await timesMade(cache, "key")).toBe(1);
  }
});

test("nothing is kept under a key that is no longer right", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => false);
  expect(await timesMade(cache, "key")).toBe(1);
  expect(await timesMade(cache, "key")).toBe(1);
});

test("the oldest entries go when there are too many, and what a killed build left with them", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  await folder.write({ "killed.tmp": "x".repeat(1000), "new-killed/a.txt": "1" });
  for (const name of ["killed.tmp", "new-killed"]) utimesSync(folder.at(name), 0, 0);
  await timesMade(cache, "old");
  utimesSync(folder.at("old"), 1, 1);
  await timesMade(cache, "new");
  const { size } = statSync(folder.at("new"));
  cache.prune(2 * size);
  expect(readdirSync(folder.path).toSorted()).toEqual(["new", "old"]);
  cache.prune(2 * size - 1);
  expect(readdirSync(folder.path)).toEqual(["new"]);
});

test("links are followed; one that leads nowhere, and what is no file, is left out", async () => {
  using folder = new Folder();
  await folder.write({ "a/one.txt": "1", "b/two.txt": "2" });
  symlinkSync("../b", folder.at("a/folder"));
  symlinkSync("../b/two.txt", folder.at("a/file.txt"));
  symlinkSync("me@host.1234", folder.at("a/.#one.txt")); // Emacs, while somebody edits
  expect(await command(folder.path, ["mkfifo", "a/pipe"])).toMatchObject({ exitCode: 0 });
  expect([...readFolder(folder.at("a")).keys()]).toEqual(["file.txt", "folder/two.txt", "one.txt"]);
});

test("a file that is taken out has changed its folder", async () => {
  using folder = new Folder();
  await folder.write({ "a/b.txt": "1", "a/c/d.txt": "1" });
  const ctimes = ["a", "a/c", "a/b.txt", "a/c/d.txt"].map((p) => statSync(folder.at(p)).ctimeMs);
  const begun = Math.max(...ctimes) + 1;
  expect(changedSince(begun, [folder.at("a")])).toBe(false);
  while (Date.now() < begun + 20) await Bun.sleep(1); // file systems count in ticks
  rmSync(folder.at("a/c/d.txt"));
  expect(changedSince(begun, [folder.at("a")])).toBe(true);
});

test("a file with an old date that was put there just now has changed", async () => {
  using folder = new Folder();
  const begun = Date.now() - 1000;
  await folder.write({ "a/b.txt": "1" });
  utimesSync(folder.at("a/b.txt"), 0, 0);
  expect(changedSince(begun, [folder.at("a")])).toBe(true);
  expect(changedSince(Date.now() + 60_000, [folder.at("a")])).toBe(false);
});

// The cache gives back what was put in, or has it made again: never anything else.
import { expect, test } from "bun:test";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { Cache } from "../build/cache.ts";
import { changedSince } from "../build/files.ts";
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

test("a file with an old date that was put there just now has changed", async () => {
  using folder = new Folder();
  const begun = Date.now() - 1000;
  await folder.write({ "a/b.txt": "1" });
  utimesSync(folder.at("a/b.txt"), 0, 0);
  expect(changedSince(begun, [folder.at("a")])).toBe(true);
  expect(changedSince(Date.now() + 60_000, [folder.at("a")])).toBe(false);
});

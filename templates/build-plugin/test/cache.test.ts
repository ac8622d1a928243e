// The cache returns exactly what was stored, or calls `make` again.
import { describe, expect, test } from "bun:test";
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Cache } from "../build/cache.ts";
import { pathsBelow, readFolder, statesOf } from "../build/files.ts";
import { bun, command } from "./command.ts";
import { Folder } from "./folder.ts";
import { until } from "./until.ts";

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

test("an entry of another user is reused, although it cannot be touched", async () => {
  using folder = new Folder();
  await countMakes(new Cache(folder.at("cache"), () => true), "key");
  // Like a system where the file belongs to another user.
  await folder.write({
    "read.ts": `const fs = require("node:fs");
fs.utimesSync = (path) => {
  throw Object.assign(new Error("EPERM: operation not permitted, utime '" + path + "'"), { code: "EPERM" });
};
const { Cache } = await import(${JSON.stringify(join(import.meta.dir, "../build/cache.ts"))});
const files = await new Cache("cache", () => true).files("key", () => "made again");
console.log([...files.keys()].join());\n`,
  });
  const { stdout, stderr } = await bun(folder.path, "read.ts");
  expect(stdout, stderr).toBe("a.txt,b/empty\n");
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

test("pruning removes the entries that were not used for the longest time, including temporary files of killed builds", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  await folder.write({ "killed.tmp": "x".repeat(1000), "new-killed/a.txt": "1" });
  for (const name of ["killed.tmp", "new-killed"]) utimesSync(folder.at(name), 0, 0);
  for (const [index, key] of ["used", "unused", "new"].entries()) {
    await countMakes(cache, key);
    utimesSync(folder.at(key), index + 1, index + 1);
  }
  expect(await countMakes(cache, "used")).toBe(0);
  const { size } = statSync(folder.at("new"));
  cache.prune(2 * size);
  expect(readdirSync(folder.path).toSorted()).toEqual(["new", "used"]);
  cache.prune(2 * size - 1);
  expect(readdirSync(folder.path)).toEqual(["used"]);
});

test.each([true, false])("disposing prunes only if something was stored: %p", async (isStored) => {
  using folder = new Folder();
  await folder.write({ old: "" });
  truncateSync(folder.at("old"), 300 * 1024 * 1024); // without blocks on the disk
  {
    using cache = new Cache(folder.path, () => isStored);
    await countMakes(cache, "new");
  }
  expect(readdirSync(folder.path)).toEqual([isStored ? "new" : "old"]);
});

test("pruning keeps other entries if one alone is too large", async () => {
  using folder = new Folder();
  const cache = new Cache(folder.path, () => true);
  await countMakes(cache, "old");
  utimesSync(folder.at("old"), 1, 1);
  const { size } = statSync(folder.at("old"));
  await cache.files("large", async () => new Map([["a", new Uint8Array(2 * size)]]));
  cache.prune(size);
  expect(readdirSync(folder.path)).toEqual(["old"]);
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
  expect(pathsBelow(folder.at("a")).map((path) => path.slice(folder.path.length + 1))).toEqual([
    "a/file.txt",
    "a/folder/two.txt",
    "a/one.txt",
  ]);
  expect([...readFolder(folder.at("a")).keys()]).toEqual(["file.txt", "folder/two.txt", "one.txt"]);
});

test("hidden files are omitted, except those that servers need", async () => {
  using folder = new Folder();
  const kept = [".htaccess", ".nojekyll", ".well-known/security.txt", "a.txt"];
  const hidden = [".DS_Store", ".a.txt.swp", ".git/HEAD", ".well-known/.a.swp", ".well-known.swp"];
  for (const path of [...kept, ...hidden]) await folder.write({ [`a/${path}`]: "1" });
  expect([...readFolder(folder.at("a")).keys()]).toEqual(kept);
});

test.skipIf(process.platform === "win32")("a backslash is part of a name", async () => {
  using folder = new Folder();
  await folder.write({ "a/b\\c.txt": "1" });
  expect([...readFolder(folder.at("a")).keys()]).toEqual(["b\\c.txt"]);
});

describe("the state of a folder", () => {
  const changes: Record<string, (folder: Folder) => unknown> = {
    "a removed file": (folder) => rmSync(folder.at("a/c/d.txt")),
    "a new file with an old modification time": async (folder) => {
      await folder.write({ "a/e.txt": "1" });
      utimesSync(folder.at("a/e.txt"), 0, 0);
    },
    "a file that is written with the same content": async (folder) => {
      const { mtimeMs } = statSync(folder.at("a/b.txt"));
      // File systems round timestamps to ticks.
      await until("the file was written later", async () => {
        await folder.write({ "a/b.txt": "1" });
        return statSync(folder.at("a/b.txt")).mtimeMs > mtimeMs;
      });
    },
    "a folder that is replaced by an older copy": (folder) => {
      renameSync(folder.at("a/c"), folder.at("c"));
      renameSync(folder.at("copy"), folder.at("a/c"));
    },
  };
  test.each(Object.entries(changes))("is changed by %s", async (_, change) => {
    using folder = new Folder();
    await folder.write({ "a/b.txt": "1", "copy/d.txt": "1", "a/c/d.txt": "1" });
    const versions = () =>
      [...statesOf([folder.at("a")])].map(([path, { version }]) => [path, version]);
    const before = versions();
    expect(versions()).toEqual(before);
    await change(folder);
    expect(versions()).not.toEqual(before);
  });

  test("is not changed by the swap file of an editor", async () => {
    using folder = new Folder();
    await folder.write({ "a/b.txt": "1" });
    const states = statesOf([folder.at("a")]);
    await folder.write({ "a/.b.txt.swp": "1" });
    expect(statesOf([folder.at("a")])).toEqual(states);
  });
});

// Saved indexes: round trips between backends, atomic writes, and every kind of file that is refused.
import { afterAll, describe, expect, spyOn, test } from "bun:test";
import * as fs from "node:fs";
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile } from "../src/disk.ts";
import { partSize } from "../src/engine.ts";
import type { AddonErrorCode } from "../src/errors.ts";
import { newestVersion, readIndex, writeIndex } from "../src/file.ts";
import { VectorIndex } from "../src/vector-index.ts";
import { engines, oracle } from "./engines.ts";

const folder = mkdtempSync(join(tmpdir(), "ffi-addon-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The fastest backend that this machine has. */
const fastest = engines.at(-1) ?? oracle;
const query = Float32Array.of(1, 2, 3);
const vectors = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i));

function saved(name: string, engine = oracle): string {
  const path = join(folder, name);
  using index = new VectorIndex({ dimensions: 3, metric: "cosine" }, engine);
  index.add(vectors);
  index.save(path);
  return path;
}

const fails = (path: string, code: AddonErrorCode, engine = oracle): void =>
  expect(() => VectorIndex.load(path, engine)).toThrow(expect.objectContaining({ code }));

// FAT, drvfs and CIFS refuse to change the mode of a file.
test.skipIf(process.platform === "win32")(
  "saves where modes cannot be changed, but only if the new file's mode grants no more",
  () => {
    using cannotChange = spyOn(fs, "fchmodSync").mockImplementation(() => {
      throw Object.assign(new Error("not permitted"), { code: "EPERM" });
    });
    const path = saved("fixed-mode.index");
    expect(saved("fixed-mode.index")).toBe(path);
    expect(cannotChange).toHaveBeenCalled();
    chmodSync(path, 0o400); // less than the 0600 of a new file
    expect(() => saved("fixed-mode.index")).toThrow(expect.objectContaining({ code: "io_failed" }));
  },
);

test.skipIf(process.platform === "win32")("the rename of a saved file is written to disk", () => {
  using sync = spyOn(fs, "fsyncSync");
  saved("synced.index");
  expect(sync).toHaveBeenCalledTimes(2); // the file, then its folder
});

// An atomic write replaces the file, so the mode has to be copied.
test.skipIf(process.platform === "win32").each([0o600, 0o640, 0o664])(
  "saving keeps the mode %o of the file that it replaces, also behind a link",
  (mode) => {
    const path = saved(`mode-${mode.toString(8)}`);
    chmodSync(path, mode);
    const link = `${path}.link`;
    symlinkSync(path, link);
    for (const name of [path, link]) {
      using index = VectorIndex.load(name);
      index.save(name);
      expect(statSync(path).mode & 0o777).toBe(mode);
    }
  },
);

test.skipIf(process.getuid?.() !== 0)("as root: saving keeps the owner and the group", () => {
  const path = saved("owned");
  chmodSync(path, 0o640);
  chownSync(path, 1234, 5678);
  saved("owned");
  expect(statSync(path)).toMatchObject({ uid: 1234, gid: 5678, mode: 0o100640 });
});

/** Replaces a file as another user, who is in the group 5678. */
function replaceAsMember(path: string) {
  chmodSync(folder, 0o777);
  // A copy, because the other user may not be able to read the folder of the project.
  const copy = join(folder, "disk.ts");
  copyFileSync(join(import.meta.dir, "../src/disk.ts"), copy);
  const code = `(await import(${JSON.stringify(copy)})).replaceFile(process.argv[1], () => {})`;
  const member = ["setpriv", "--reuid=4321", "--regid=4321", "--groups=5678"];
  return Bun.spawnSync([...member, process.execPath, "-e", code, path], { cwd: folder });
}

describe.skipIf(process.getuid?.() !== 0 || !Bun.which("setpriv"))("as another user", () => {
  test("who is a member of the file's group: saving keeps the group and its access", () => {
    const path = saved("shared");
    chmodSync(path, 0o660);
    chownSync(path, 1234, 5678);
    const { success, stderr } = replaceAsMember(path);
    expect(success, String(stderr)).toBe(true);
    expect(statSync(path)).toMatchObject({ uid: 4321, gid: 5678, mode: 0o100660 });
  });

  test.each([
    [4321, 0o444],
    [1234, 0o640],
  ])("a file that this user may not write is not replaced: owner %i, mode %o", (owner, mode) => {
    const path = saved(`protected-${owner}`);
    chmodSync(path, mode);
    chownSync(path, owner, 5678);
    const { success, stderr } = replaceAsMember(path);
    expect(success).toBe(false);
    expect(String(stderr)).toContain("EACCES");
    expect(statSync(path)).toMatchObject({ uid: owner, mode: 0o100000 | mode });
    expect(statSync(path).size).toBeGreaterThan(0);
  });
});

test("a name may be as long as the file system allows", () => {
  const name = `${"ä".repeat(125)}.idx`;
  saved(name);
  using loaded = VectorIndex.load(saved(name));
  expect(loaded.size).toBe(100);
});

describe.each(engines)("$backend", (engine) => {
  test("reads what the TypeScript version wrote, and the other way round", () => {
    const path = saved(`${engine.backend}.index`, engine);
    expect(readFileSync(path)).toEqual(readFileSync(saved("typescript.index")));
    using loaded = VectorIndex.load(path, engine);
    using original = new VectorIndex({ dimensions: 3, metric: "cosine" }, oracle);
    original.add(vectors);
    expect(loaded.size).toBe(100);
    expect(loaded.metric).toBe("cosine");
    expect(loaded.search(query, 10)).toEqual(original.search(query, 10));
    expect(loaded.add(query)).toBe(100);
  });

  test("keeps an empty index", () => {
    const path = join(folder, `${engine.backend}.empty`);
    using index = new VectorIndex({ dimensions: 7, metric: "dot" }, engine);
    index.save(path);
    using loaded = VectorIndex.load(path, engine);
    expect([loaded.size, loaded.dimensions, loaded.metric]).toEqual([0, 7, "dot"]);
    expect(loaded.add(new Float32Array(0))).toBe(0);
  });

  test("refuses an empty index whose vectors have a wrong checksum", () => {
    const path = join(folder, `${engine.backend}.forged`);
    using index = new VectorIndex({ dimensions: 7, metric: "dot" }, oracle);
    index.save(path);
    const bytes = readFileSync(path);
    bytes[24] = (bytes[24] ?? 0) ^ 1;
    bytes.writeBigUInt64LE(Bun.hash.xxHash3(bytes.subarray(0, 32)), 32);
    writeFileSync(path, bytes);
    fails(path, "corrupt_file", engine);
  });

  test("refuses a file with one bit changed, wherever it is", () => {
    const bytes = readFileSync(saved("intact.index"));
    const path = join(folder, "flipped.index");
    for (const at of [8, 12, 16, 20, 24, 32, 40, 63, 64, 700, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x04;
      writeFileSync(path, flipped);
      fails(path, at === 8 ? "unsupported_version" : "corrupt_file", engine);
    }
  });
});

test("an index is saved in the oldest format that can describe it", () => {
  const path = join(folder, "versions.index");
  for (const [metric, version] of [
    ["dot", 1],
    ["cosine", 1],
    ["euclidean", 2],
  ] as const) {
    using index = new VectorIndex({ dimensions: 3, metric }, oracle);
    index.add(vectors);
    index.save(path);
    expect(readFileSync(path).readUInt32LE(8)).toBe(version);
    using loaded = VectorIndex.load(path, oracle);
    expect(loaded.search(query, 5)).toEqual(index.search(query, 5));
    // The format before this one had no such metric.
    if (version === 1) continue;
    const bytes = Buffer.from(readFileSync(path));
    bytes.writeUInt32LE(version - 1, 8);
    bytes.writeBigUInt64LE(Bun.hash.xxHash3(bytes.subarray(0, 32)), 32);
    writeFileSync(path, bytes);
    fails(path, "corrupt_file");
  }
});

test("a file of a newer format is refused as newer, with any content after the version", () => {
  const bytes = Buffer.from(readFileSync(saved("newer.index")));
  const path = join(folder, "newer.index");
  for (const version of [newestVersion + 1, newestVersion + 2, 0x7fff_ffff, 0xffff_ffff]) {
    bytes.writeUInt32LE(version, 8);
    for (const content of [
      bytes,
      bytes.subarray(0, 12),
      bytes.subarray(0, 63),
      Buffer.concat([bytes, bytes]),
      Buffer.concat([bytes.subarray(0, 12), Buffer.alloc(500, 0xff)]),
    ]) {
      writeFileSync(path, content);
      fails(path, "unsupported_version");
    }
  }
});

test("refuses foreign, truncated and extended files", () => {
  const bytes = readFileSync(saved("intact.index"));
  const path = join(folder, "bad.index");
  const cases: [Uint8Array | string, AddonErrorCode][] = [
    ["", "not_an_index"],
    ["PK a zip, say, but long enough to hold a whole header: sixty-four bytes", "not_an_index"],
    [bytes.subarray(0, 7), "not_an_index"],
    [bytes.subarray(0, 8), "corrupt_file"],
    [bytes.subarray(0, 39), "corrupt_file"],
    [bytes.subarray(0, 63), "corrupt_file"],
    [bytes.subarray(0, 64), "corrupt_file"],
    [bytes.subarray(0, -4), "corrupt_file"],
    [Buffer.concat([bytes, Buffer.alloc(4)]), "corrupt_file"],
  ];
  for (const [content, code] of cases) {
    writeFileSync(path, content);
    fails(path, code);
  }
  fails(join(folder, "missing.index"), "io_failed");
  fails(folder, "not_an_index");
});

test("allocates nothing for a header that promises more than the file holds", () => {
  const bytes = Buffer.from(readFileSync(saved("forged.index")));
  bytes.writeUInt32LE(65_536, 12);
  bytes.writeUInt32LE(2 ** 31 - 1, 20);
  bytes.writeBigUInt64LE(Bun.hash.xxHash3(bytes.subarray(0, 32)), 32);
  const path = join(folder, "forged.index");
  writeFileSync(path, bytes);
  fails(path, "corrupt_file");
});

test("refuses vectors that are not finite even under a right checksum", () => {
  const bytes = Buffer.from(readFileSync(saved("nan.index")));
  bytes.writeFloatLE(Number.NaN, 64);
  const parts = BigUint64Array.of(Bun.hash.xxHash3(bytes.subarray(64)));
  bytes.writeBigUInt64LE(Bun.hash.xxHash3(parts), 24);
  bytes.writeBigUInt64LE(Bun.hash.xxHash3(bytes.subarray(0, 32)), 32);
  const path = join(folder, "nan.index");
  writeFileSync(path, bytes);
  for (const engine of engines) fails(path, "out_of_range", engine);
});

test("keeps an index of more than one part, and sees damage in the last", () => {
  const path = join(folder, "large.index");
  const dimensions = 65_536;
  const count = partSize / (dimensions * 4) + 2;
  const large = new Float32Array(dimensions * count);
  large[0] = 1;
  large[large.length - 1] = 2;
  using index = new VectorIndex({ dimensions, metric: "dot" }, fastest);
  index.add(large);
  index.save(path);
  const last = large.subarray(-dimensions);
  using loaded = VectorIndex.load(path, fastest);
  expect(loaded.search(last, 1)).toEqual([{ id: count - 1, score: 4 }]);

  const file = openSync(path, "r+");
  writeSync(file, Uint8Array.of(1), 0, 1, statSync(path).size - 1);
  closeSync(file);
  fails(path, "corrupt_file", fastest);
  rmSync(path);
});

test("a temporary file that a killed process leaves bears the start of the target's name", () => {
  const path = join(folder, `${"long".repeat(50)}.index`);
  replaceFile(path, () => {
    const names = readdirSync(folder).filter((name) => name.endsWith(".tmp"));
    expect(names).toEqual([expect.stringMatching(/^\.(long){8}\.[-\da-f]{36}\.tmp$/)]);
  });
});

test("replaces a file atomically, and leaves nothing behind when it fails", () => {
  const path = saved("replaced.index");
  const before = readFileSync(path);
  expect(saved("replaced.index")).toBe(path);
  expect(readFileSync(path)).toEqual(before);

  const taken = join(folder, "taken");
  mkdirSync(join(taken, "full"), { recursive: true });
  using index = new VectorIndex({ dimensions: 1, metric: "dot" }, oracle);
  expect(() => index.save(taken)).toThrow(expect.objectContaining({ code: "io_failed" }));
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test.skipIf(process.platform === "win32")(
  "saves a file that another process keeps replacing, also behind a link",
  async () => {
    const path = saved("contested.index");
    const link = `${path}.link`;
    symlinkSync(path, link);
    using index = VectorIndex.load(path, oracle);
    const code = `
    const { renameSync, writeFileSync } = require("node:fs");
    const [, path] = process.argv;
    for (;;) {
      writeFileSync(path + ".other", "");
      renameSync(path + ".other", path);
    }`;
    await using other = Bun.spawn([process.execPath, "-e", code, path]);
    while (statSync(path).size > 0) await Bun.sleep(1);
    for (let saves = 0; saves < 150; saves++) {
      index.save(path);
      index.save(link);
    }
    expect(other.exitCode).toBeNull();
  },
);

test("an error that is not the system's keeps its type", () => {
  const path = saved("bug.index");
  const bug = () => {
    throw new TypeError("a bug");
  };
  expect(() => readIndex(path, bug)).toThrow(TypeError);
  const shape = { dimensions: 1, metric: "dot", count: 0 } as const;
  const parts = Object.assign([], { [Symbol.iterator]: bug });
  expect(() => writeIndex(path, shape, parts)).toThrow(TypeError);
  using index = VectorIndex.load(path, oracle);
  expect(index.size).toBeGreaterThan(0);
});

test.skipIf(process.platform === "win32")(
  "follows links, and leaves pipes and devices alone",
  () => {
    const path = saved("linked.index");
    const link = join(folder, "link");
    symlinkSync(path, link);
    using empty = new VectorIndex({ dimensions: 1, metric: "dot" }, oracle);
    empty.save(link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    using loaded = VectorIndex.load(path, oracle);
    expect(loaded.size).toBe(0);

    const ahead = join(folder, "ahead");
    symlinkSync("between", ahead);
    symlinkSync("not-there-yet.index", join(folder, "between"));
    empty.save(ahead);
    expect(lstatSync(ahead).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(folder, "not-there-yet.index")).isFile()).toBe(true);

    const pipe = join(folder, "pipe");
    Bun.spawnSync(["mkfifo", pipe]);
    fails(pipe, "not_an_index");
    fails("/dev/zero", "not_an_index");
    expect(() => empty.save(pipe)).toThrow(expect.objectContaining({ code: "io_failed" }));
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  },
);

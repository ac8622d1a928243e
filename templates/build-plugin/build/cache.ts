// The content-addressed cache: stores the output of a build step under the fingerprint of its inputs.
import { deserialize, serialize } from "bun:jsc";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Files } from "../scripts/output.ts";
import { unlessGone } from "./files.ts";

const MAX_BYTES = 256 * 1024 * 1024;

/** Disposing prunes it, so that builds that fail do not fill the disk. */
export class Cache implements Disposable {
  #hasStored = false;

  constructor(
    readonly folder: string,
    /** Returns false if the inputs have changed since the keys were computed. Nothing is stored then. */
    readonly areKeysValid: () => boolean,
  ) {}

  /** Returns the files under a key. Calls `make` if the entry is missing or damaged. */
  async files(key: string, make: () => Promise<Files>): Promise<Files> {
    const cached = this.#read(key);
    if (cached !== undefined) return cached;
    const files = await make();
    if (this.areKeysValid()) this.#write(key, files);
    return files;
  }

  #read(key: string): Files | undefined {
    const path = join(this.folder, key);
    return unlessGone(() => {
      const files = unpack(readFileSync(path));
      touch(path); // `prune` keeps what was used last
      return files;
    }, undefined);
  }

  /** Writes to a temporary file and renames it, so that another build never reads half an entry. */
  #write(key: string, files: Files): void {
    mkdirSync(this.folder, { recursive: true });
    const temporary = join(this.folder, `${crypto.randomUUID()}.tmp`);
    try {
      writeFileSync(temporary, pack(files));
      renameSync(temporary, join(this.folder, key));
      this.#hasStored = true;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  [Symbol.dispose](): void {
    if (this.#hasStored) this.prune();
  }

  /**
   * Removes the entries that were not used for the longest time, and those that are too large, so that at most `maxBytes`
   * remain. Temporary files of killed builds age out in the same way.
   */
  prune(maxBytes = MAX_BYTES): void {
    const paths = unlessGone(() => readdirSync(this.folder), []).map((key) =>
      join(this.folder, key),
    );
    const entries = paths.flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : { path, size: stat.size, time: stat.mtimeMs };
    });
    let kept = 0;
    for (const { path, size } of entries.toSorted((a, b) => b.time - a.time)) {
      if (kept + size <= maxBytes) kept += size;
      else rmSync(path, { recursive: true, force: true });
    }
  }
}

/** Sets the time of an entry to now, if possible. */
function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Only the owner of a file can set its time. An entry of another user, as in a shared cache, is valid, too.
  }
}

const CHECKSUM = 32;

/** The format of an entry: SHA-256 of the serialized files, then these. The key depends on the version of Bun. */
function pack(files: Files): Uint8Array {
  const body = serialize(files, { binaryType: "nodebuffer" });
  return Buffer.concat([checksum(body), body]);
}

/** Returns undefined if the checksum does not match. */
function unpack(entry: Buffer): Files | undefined {
  const body = entry.subarray(CHECKSUM);
  const isIntact = checksum(body).equals(entry.subarray(0, CHECKSUM));
  return isIntact ? deserialize(body) : undefined;
}

const checksum = (bytes: Uint8Array): Buffer =>
  Buffer.from(new Bun.CryptoHasher("sha256").update(bytes).digest());

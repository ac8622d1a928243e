// The content-addressed cache: what a step made, under the fingerprint of all that it was made from.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Files } from "./files.ts";

const MOST_BYTES = 256 * 1024 * 1024;

export class Cache {
  constructor(
    readonly folder: string,
    /** False if what a key stands for has changed since the key was made. */
    readonly isStill: () => boolean,
  ) {}

  /** The files under a key, made if they are not there. A damaged entry is made again. */
  async files(key: string, make: () => Promise<Files>): Promise<Files> {
    const known = this.#read(key);
    if (known !== undefined) return known;
    const files = await make();
    if (this.isStill()) this.#write(key, files);
    return files;
  }

  #read(key: string): Files | undefined {
    try {
      return unpack(readFileSync(this.#path(key)));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Written aside and renamed: another build never sees half an entry. */
  #write(key: string, files: Files): void {
    mkdirSync(this.folder, { recursive: true });
    const aside = join(this.folder, `${crypto.randomUUID()}.tmp`);
    try {
      writeFileSync(aside, pack(files));
      renameSync(aside, this.#path(key));
    } finally {
      rmSync(aside, { force: true });
    }
  }

  /** Removes the oldest entries beyond a size in all, and in time what builds that were killed left here. */
  prune(maxBytes = MOST_BYTES): void {
    const entries = readdirSync(this.folder).flatMap((name) => {
      const stat = statSync(this.#path(name), { throwIfNoEntry: false });
      return stat === undefined ? [] : { name, size: stat.size, time: stat.mtimeMs };
    });
    let kept = 0;
    for (const { name, size } of entries.toSorted((a, b) => b.time - a.time)) {
      kept += size;
      if (kept > maxBytes) rmSync(this.#path(name), { recursive: true, force: true });
    }
  }

  #path(key: string): string {
    return join(this.folder, key);
  }
}

const CHECKSUM = 32;
const LENGTH = 4;

/** Checksum of the rest, length of the index, index as JSON, then the contents one after the other. */
function pack(files: Files): Uint8Array {
  const index = JSON.stringify([...files].map(([path, { length }]) => [path, length]));
  const head = Buffer.from(index);
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32LE(head.length);
  const body = Buffer.concat([length, head, ...files.values()]);
  return Buffer.concat([checksum(body), body]);
}

/** Undefined for an entry that is not what was written. */
function unpack(entry: Buffer): Files | undefined {
  const body = entry.subarray(CHECKSUM);
  if (!checksum(body).equals(entry.subarray(0, CHECKSUM))) return undefined;
  const end = LENGTH + body.readUInt32LE(0);
  const index: [string, number][] = JSON.parse(body.toString("utf8", LENGTH, end));
  const files = new Map<string, Uint8Array>();
  let start = end;
  for (const [path, length] of index) {
    files.set(path, body.subarray(start, start + length));
    start += length;
  }
  return files;
}

const checksum = (bytes: Uint8Array): Buffer =>
  Buffer.from(new Bun.CryptoHasher("sha256").update(bytes).digest());

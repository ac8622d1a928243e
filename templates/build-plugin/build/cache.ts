// The content-addressed cache: stores the output of a build step under the fingerprint of its inputs.
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
import { type Files, unlessGone } from "./files.ts";

const MOST_BYTES = 256 * 1024 * 1024;

export class Cache {
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
    const entry = unlessGone(() => readFileSync(this.#path(key)), undefined);
    return entry && unpack(entry);
  }

  /** Writes to a temporary file and renames it, so that another build never reads half an entry. */
  #write(key: string, files: Files): void {
    mkdirSync(this.folder, { recursive: true });
    const temporary = join(this.folder, `${crypto.randomUUID()}.tmp`);
    try {
      writeFileSync(temporary, pack(files));
      renameSync(temporary, this.#path(key));
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** Removes the oldest entries beyond a total size. Temporary files of killed builds age out in the same way. */
  prune(maxBytes = MOST_BYTES): void {
    const names = unlessGone(() => readdirSync(this.folder), []);
    const entries = names.flatMap((name) => {
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

/** The format of an entry: SHA-256 of everything after it, length of the index, index as JSON, contents of the files. */
function pack(files: Files): Uint8Array {
  const index = JSON.stringify([...files].map(([path, { length }]) => [path, length]));
  const head = Buffer.from(index);
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32LE(head.length);
  const body = Buffer.concat([length, head, ...files.values()]);
  return Buffer.concat([checksum(body), body]);
}

/** Returns undefined if the checksum does not match. */
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

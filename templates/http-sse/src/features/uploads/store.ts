// Uploaded files on disk: one folder each, with content and description, moved into place when complete.
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Problem, storeUnavailable } from "#lib/http";
import { cleanName } from "./name.ts";
import { SNIFF_BYTES, sniff } from "./sniff.ts";

export const Upload = z.object({
  id: z.uuid(),
  name: z.string(),
  size: z.int().min(0),
  sha256: z.string(),
  type: z.string().meta({ description: "Media type, detected from the content." }),
});
export type Upload = Readonly<z.output<typeof Upload>>;

export function uploadTooLarge(maxBytes: number): Problem {
  return new Problem(413, `An upload may have at most ${maxBytes} bytes.`);
}

/** Milliseconds without a change after which an incomplete upload is stale. */
const STALE_MS = 24 * 60 * 60 * 1000;
/** Bytes that `ready` writes: an empty file could be created even on a full disk. */
const PROBE_BYTES = 4096;

export class UploadStore {
  /** Holds one temporary folder per upload that is being received. All instances share it. */
  readonly #incoming: string;
  /** Temporary folders of this instance. */
  readonly #temporary = new Set<string>();

  private constructor(
    readonly folder: string,
    readonly maxBytes: number,
  ) {
    this.#incoming = join(folder, ".incoming");
  }

  /** Opens or creates the folder, and deletes incomplete uploads that did not change for a day. */
  static async open(folder: string, maxBytes: number): Promise<UploadStore> {
    const store = new UploadStore(folder, maxBytes);
    await mkdir(store.#incoming, { recursive: true });
    await deleteStale(store.#incoming);
    return store;
  }

  /**
   * Stores `content` with one chunk in memory at a time. When the promise resolves, the upload is on
   * the disk; when it rejects, nothing is left of it.
   * @throws {Problem} 413 for more than `maxBytes`, 507 for a full disk, 503 for another error of the disk; and the errors
   * of `content`.
   */
  async save(name: string, content: AsyncIterable<Uint8Array>): Promise<Upload> {
    const id = crypto.randomUUID();
    const temporary = join(this.#incoming, id);
    const stored = join(this.folder, id);
    this.#temporary.add(temporary);
    try {
      await mkdir(temporary, { recursive: true });
      const written = await this.#write(join(temporary, "content"), content);
      const upload: Upload = { id, name: cleanName(name), ...written };
      await writeSynced(join(temporary, "upload.json"), [Buffer.from(JSON.stringify(upload))]);
      await syncFolder(temporary);
      await rename(temporary, stored);
      await syncFolder(this.folder);
      return upload;
    } catch (error) {
      // Settled: on a disk that has failed, `rm` fails too, and its error would hide the first one.
      await Promise.allSettled([remove(temporary), remove(stored)]);
      throw toProblem(error);
    } finally {
      this.#temporary.delete(temporary);
    }
  }

  async #write(
    path: string,
    content: AsyncIterable<Uint8Array>,
  ): Promise<Pick<Upload, "size" | "sha256" | "type">> {
    const { maxBytes } = this;
    const hash = new Bun.CryptoHasher("sha256");
    let head = Buffer.alloc(0);
    let size = 0;
    async function* inspected(): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        size += chunk.byteLength;
        if (size > maxBytes) throw uploadTooLarge(maxBytes);
        if (head.length < SNIFF_BYTES) {
          head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES - head.length)]);
        }
        hash.update(chunk);
        yield chunk;
      }
    }
    await writeSynced(path, inspected());
    return { size, sha256: hash.digest("hex"), type: sniff(head) };
  }

  /** Returns the description of an upload, or undefined if `id` is unknown or malformed. @throws {Problem} 503 */
  async get(id: string): Promise<Upload | undefined> {
    if (!Upload.shape.id.safeParse(id).success) return undefined;
    try {
      return Upload.parse(await Bun.file(join(this.folder, id, "upload.json")).json());
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw storeUnavailable(error);
    }
  }

  /**
   * The content of an upload. It is checked first, because the runtime responds with a 500 to a file that it cannot open,
   * and with fewer bytes to a file that is too short.
   * @throws {Problem} 503
   */
  async content(upload: Upload): Promise<Blob> {
    const path = this.path(upload);
    try {
      await using file = await open(path);
      const { size } = await file.stat();
      if (size !== upload.size) throw new Error(`${path} has ${size} bytes, not ${upload.size}.`);
    } catch (error) {
      throw storeUnavailable(error);
    }
    return Bun.file(path);
  }

  /** Path of the content of an upload. */
  path({ id }: Upload): string {
    return join(this.folder, id, "content");
  }

  /** Writes a small file and deletes it, because a full or read-only disk is only noticed on a write. */
  async ready(): Promise<void> {
    const probe = join(this.#incoming, `ready-${crypto.randomUUID()}`);
    try {
      await mkdir(this.#incoming, { recursive: true });
      await writeSynced(probe, [Buffer.alloc(PROBE_BYTES)]);
    } finally {
      await remove(probe);
    }
  }

  /** Deletes the incomplete uploads of this instance. */
  async close(): Promise<void> {
    await Promise.all([...this.#temporary].map(remove));
  }
}

/** Writes the chunks to a new file and waits until they are on the disk. */
async function writeSynced(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, "wx");
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder, and does not need this.
  if (process.platform === "win32") return;
  await using folder = await open(path);
  await folder.sync();
}

/** Deletes stale uploads only: another instance, perhaps on another machine, may still receive a younger one. */
async function deleteStale(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    if (Date.now() - (await newestChange(path)) > STALE_MS) await remove(path);
  }
}

/** Time of the newest change of a file, or of a folder and anything in it; now if it no longer exists. */
async function newestChange(path: string): Promise<number> {
  try {
    const own = await stat(path);
    const names = own.isDirectory() ? await readdir(path, { recursive: true }) : [];
    const stats = await Promise.all(names.map((name) => stat(join(path, name))));
    return Math.max(...[own, ...stats].map(({ mtimeMs }) => mtimeMs));
  } catch (error) {
    // Another instance has just completed or deleted it.
    if (codeOf(error) === "ENOENT") return Date.now();
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** Maps an error of the file system to a 507 or 503 `Problem`; returns any other error as it is. */
function toProblem(error: unknown): unknown {
  return error instanceof Error && "syscall" in error ? storeUnavailable(error) : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

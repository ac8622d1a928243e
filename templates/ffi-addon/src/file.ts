// The file format of an index: a header with checksums, then the vectors as little-endian float32.
import { fstatSync, statSync } from "node:fs";
import { readAll, replaceFile, withFile, writeAll } from "./disk.ts";
import { type Metric, metricNames, metrics } from "./engine.ts";
import { AddonError } from "./errors.ts";
import { maxDimensions, maxSize } from "./symbols.ts";

// byte  0  magic, as in PNG: a byte that is not ASCII, and line breaks that a transfer in text mode would change
//       8  u32 version      12  u32 dimensions   16  u32 metric   20  u32 count
//      24  u64 checksum of the vectors           32  u64 xxHash3 of bytes 0 to 31, then zeros
// The checksum of the vectors is xxHash3 over the xxHash3 of each part of `partSize`, 256 MiB.
const magic = Uint8Array.of(0x8e, 0x56, 0x49, 0x44, 0x58, 0x0d, 0x0a, 0x1a);
const headerSize = 64;
const hashedSize = 32;

/** Files of later versions are rejected with `unsupported_version`: every version starts with the magic and the version. */
export const newestVersion = Math.max(...Object.values(metrics).map(({ version }) => version));

export interface IndexShape {
  readonly dimensions: number;
  readonly metric: Metric;
  readonly count: number;
}

/** Writes the file atomically: after an error, the old file is unchanged. */
export function writeIndex(path: string, shape: IndexShape, parts: readonly Uint8Array[]): void {
  try {
    replaceFile(path, (file) => {
      writeAll(file, encodeHeader(shape, computeChecksum(parts)));
      for (const part of parts) writeAll(file, part);
    });
  } catch (error) {
    throw toAddonError(error, `Could not write ${path}`);
  }
}

/** Reads a file: `build` gets its shape, checked, and a function that reads the vectors into memory. */
export function readIndex<Index>(
  path: string,
  build: (shape: IndexShape, fill: (parts: readonly Uint8Array[]) => void) => Index,
): Index {
  try {
    if (!statSync(path).isFile()) throw notAnIndexError(path); // opening a pipe would wait for its other end
    return withFile(path, "r", (file) => {
      const header = new Uint8Array(headerSize);
      const { size } = fstatSync(file);
      readAll(file, header); // if the file is shorter, the rest of the header is zeros, and a check below fails
      const { checksum, ...shape } = decodeHeader(header, path);
      // Before anything is allocated: a forged header can't ask for more than the file's size.
      if (size !== headerSize + shape.count * shape.dimensions * 4) {
        throw new AddonError("corrupt_file", `${path} is truncated, or has data after its end.`);
      }
      return build(shape, (parts) => {
        if (!parts.every((part) => readAll(file, part)) || computeChecksum(parts) !== checksum) {
          throw new AddonError("corrupt_file", `The vectors in ${path} fail their checksum.`);
        }
      });
    });
  } catch (error) {
    throw toAddonError(error, `Could not read ${path}`);
  }
}

/** The system's errors have a code; any other error is returned as it is. */
function toAddonError(error: unknown, failure: string): unknown {
  const isOfSystem = error instanceof Error && "code" in error && !(error instanceof AddonError);
  return isOfSystem ? new AddonError("io_failed", `${failure}: ${error}`, { cause: error }) : error;
}

function computeChecksum(parts: readonly Uint8Array[]): bigint {
  const hashes = BigUint64Array.from(parts, (part) => Bun.hash.xxHash3(part));
  return Bun.hash.xxHash3(hashes);
}

function encodeHeader({ dimensions, metric, count }: IndexShape, checksum: bigint): Uint8Array {
  const header = new Uint8Array(headerSize);
  const view = new DataView(header.buffer);
  header.set(magic);
  view.setUint32(8, metrics[metric].version, true);
  view.setUint32(12, dimensions, true);
  view.setUint32(16, metricNames.indexOf(metric), true);
  view.setUint32(20, count, true);
  view.setBigUint64(24, checksum, true);
  view.setBigUint64(32, Bun.hash.xxHash3(header.subarray(0, hashedSize)), true);
  return header;
}

function decodeHeader(
  header: Uint8Array<ArrayBuffer>,
  path: string,
): IndexShape & { readonly checksum: bigint } {
  const view = new DataView(header.buffer);
  const version = view.getUint32(8, true);
  // A newer format may have another header, so nothing but the start of the file is read first.
  if (!magic.every((byte, index) => byte === header[index])) throw notAnIndexError(path);
  if (version > newestVersion) {
    throw new AddonError(
      "unsupported_version",
      `${path} has format ${version}, which a newer version of this package wrote; this one reads up to ${newestVersion}.`,
    );
  }
  const dimensions = view.getUint32(12, true);
  const metric = metricNames[view.getUint32(16, true)];
  const count = view.getUint32(20, true);
  const intact = view.getBigUint64(32, true) === Bun.hash.xxHash3(header.subarray(0, hashedSize));
  const blank = header.subarray(hashedSize + 8).every((byte) => byte === 0);
  const sane = dimensions >= 1 && dimensions <= maxDimensions && count <= maxSize;
  if (!intact || !blank || !sane || metric === undefined || version < metrics[metric].version) {
    throw new AddonError("corrupt_file", `The header of ${path} is damaged.`);
  }
  return { dimensions, metric, count, checksum: view.getBigUint64(24, true) };
}

function notAnIndexError(path: string): AddonError {
  return new AddonError("not_an_index", `${path} is not a saved index.`);
}

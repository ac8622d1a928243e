// A tree of files as plain data: relative paths with forward slashes, and their bytes.

export type FileMap = ReadonlyMap<string, Uint8Array>;

/** Sorts files by path, by code unit, so that the order does not depend on the locale. */
export function sorted(files: Iterable<readonly [string, Uint8Array]>): FileMap {
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The files below `folder`, with paths relative to it. */
export function below(files: FileMap, folder: string): FileMap {
  const prefix = `${folder}/`;
  const inside = [...files].filter(([path]) => path.startsWith(prefix));
  return new Map(inside.map(([path, bytes]) => [path.slice(prefix.length), bytes]));
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Whether a file contains a text. Does not decode the file. */
export const contains = (content: Uint8Array, part: string): boolean =>
  Buffer.from(content.buffer, content.byteOffset, content.byteLength).includes(part);

export const areEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export const text = (bytes: Uint8Array): string => decoder.decode(bytes);
export const bytes = (content: string): Uint8Array => encoder.encode(content);

// Files before and after a swap: some are replaced, some are added, some are removed.
import { bytes } from "../src/flatten/file-map.ts";
import type { Own } from "../src/update/own-files.ts";
import type { Writes } from "../src/update/plan.ts";

/** The last one is package.json, which is swapped last. */
export const pathsOf = (count: number): readonly string[] => [
  "package.json",
  ...Array.from({ length: count }, (_, index) => `folder-${index % 7}/file-${index}`),
];

const kindOf = (path: string): number =>
  path === "package.json" ? 0 : path.length % 2 ? 1 : Number(/\d$/.exec(path)?.[0]) % 3;

export const beforeOf = (path: string): Uint8Array | undefined =>
  kindOf(path) === 1 ? undefined : bytes(`old ${path}\n`.repeat(20));

export const afterOf = (path: string): Uint8Array | undefined =>
  kindOf(path) === 2 ? undefined : bytes(`new ${path}\n`.repeat(20));

export function ownOf(path: string): Own {
  const content = beforeOf(path);
  return content === undefined
    ? { kind: "missing" }
    : { kind: "file", content, mode: 0o644, isTracked: true };
}

export const writesOf = (paths: readonly string[]): Writes =>
  new Map(paths.map((path) => [path, { content: afterOf(path), mode: undefined }]));

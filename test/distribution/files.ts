// Compares the files of projects, without those that were installed or built, and without the lockfile.
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

const LEFT_OUT = /^(\.git|node_modules|dist|\.cache|data|coverage)\/|^bun\.lock$/;

async function filesOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !LEFT_OUT.test(path));
  const files = paths
    .sort()
    .map(async (path) => [path, await Bun.file(join(directory, path)).text()] as const);
  return Object.fromEntries(await Promise.all(files));
}

/** Expects two projects to have the same files, byte for byte. */
export async function expectSameFiles(directory: string, created: string): Promise<void> {
  const expected = await filesOf(created);
  expect(Object.keys(expected)).not.toBeEmpty();
  expect(await filesOf(directory)).toEqual(expected);
}

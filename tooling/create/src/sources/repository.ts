// Reads parts of the Bunyard repository into a file map: the files that git would commit.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { sorted } from "../flatten/file-map.ts";

/**
 * The files at `paths` (files or folders, relative to `root`) that are tracked or not ignored.
 * Without git, or in a downloaded archive, the root's .gitignore is applied instead.
 */
export async function readRepository(root: string, paths: readonly string[]): Promise<FileMap> {
  const names = (await listedByGit(root, paths)) ?? (await listedByWalk(root, paths));
  const files = await Promise.all(
    names.map(async (name) => [name, await read(root, name)] as const),
  );
  return sorted(files.flatMap(([name, bytes]) => (bytes ? [[name, bytes] as const] : [])));
}

/** Undefined if git cannot answer: it is not installed, or does not trust the folder's owner. */
async function listedByGit(root: string, paths: readonly string[]): Promise<string[] | undefined> {
  const git = Bun.which("git");
  // Inside a larger repository, which may ignore the folder, git would list nothing.
  if (git === null || !existsSync(join(root, ".git"))) return undefined;
  const list = Bun.spawn(
    [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...paths],
    { cwd: root, stdout: "pipe", stderr: "ignore" },
  );
  const [output, exitCode] = await Promise.all([list.stdout.text(), list.exited]);
  return exitCode === 0 ? output.split("\0").filter((name) => name !== "") : undefined;
}

async function listedByWalk(root: string, paths: readonly string[]): Promise<string[]> {
  const isIgnored = parseIgnore(await readFile(join(root, ".gitignore"), "utf8"));
  const walk = async (path: string): Promise<string[]> => {
    const entries = await readdir(join(root, path), { withFileTypes: true });
    const lists = entries
      .map((entry) => ({ path: `${path}/${entry.name}`, isFolder: entry.isDirectory() }))
      .filter((entry) => !isIgnored(entry.path))
      .map((entry) => (entry.isFolder ? walk(entry.path) : [entry.path]));
    return (await Promise.all(lists)).flat();
  };
  const isFile = (path: string) => Bun.file(join(root, path)).exists();
  const lists = paths.map(async (path) => ((await isFile(path)) ? [path] : walk(path)));
  return (await Promise.all(lists)).flat();
}

/**
 * Understands the forms that the root's .gitignore has: names, paths from the root, `*` and `!`. The last rule that
 * matches decides. A test compares both lists.
 */
function parseIgnore(content: string): (path: string) => boolean {
  const rules = [".git", ...content.split("\n")]
    .map((line) => line.trim().replace(/\/$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const pattern = line.replace(/^!/, "");
      const glob = new Bun.Glob(pattern.replace(/^\//, ""));
      const matches = (path: string) =>
        glob.match(pattern.startsWith("/") ? path : path.slice(path.lastIndexOf("/") + 1));
      return { matches, isIgnored: !line.startsWith("!") };
    });
  return (path) => rules.findLast(({ matches }) => matches(path))?.isIgnored ?? false;
}

/** Undefined for a file that git lists but that does not exist: deleted, or not checked out. */
async function read(root: string, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(join(root, name));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

// Reads parts of the Bunyard repository into a file map: what git would commit, and nothing else.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { sorted } from "../flatten/file-map.ts";

/**
 * The files at `paths` (files or folders, relative to `root`) that are tracked or could be.
 * Without git, or in a downloaded archive, the names in the root's .gitignore are left out instead.
 */
export async function readRepository(root: string, paths: readonly string[]): Promise<FileMap> {
  const names = (await listedByGit(root, paths)) ?? (await listedByWalk(root, paths));
  const files = await Promise.all(
    names.map(async (name) => [name, await read(root, name)] as const),
  );
  return sorted(files.flatMap(([name, bytes]) => (bytes ? [[name, bytes] as const] : [])));
}

/** Undefined if git can't tell: it is not installed, or distrusts the folder's owner. */
async function listedByGit(root: string, paths: readonly string[]): Promise<string[] | undefined> {
  const git = Bun.which("git");
  // A folder of a greater repository, which may ignore it, is not for git to judge.
  if (git === null || !existsSync(join(root, ".git"))) return undefined;
  const list = Bun.spawn(
    [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...paths],
    { cwd: root, stdout: "pipe", stderr: "ignore" },
  );
  const [output, exitCode] = await Promise.all([list.stdout.text(), list.exited]);
  return exitCode === 0 ? output.split("\0").filter((name) => name !== "") : undefined;
}

async function listedByWalk(root: string, paths: readonly string[]): Promise<string[]> {
  const ignored = parseIgnore(await readFile(join(root, ".gitignore"), "utf8"));
  const walk = async (path: string): Promise<string[]> => {
    const entries = await readdir(join(root, path), { withFileTypes: true });
    const kept = entries.filter(({ name }) => !ignored.some((glob) => glob.match(name)));
    const lists = kept.map((entry) =>
      entry.isDirectory() ? walk(`${path}/${entry.name}`) : [`${path}/${entry.name}`],
    );
    return (await Promise.all(lists)).flat();
  };
  const isFile = (path: string) => Bun.file(join(root, path)).exists();
  const lists = paths.map(async (path) => ((await isFile(path)) ? [path] : walk(path)));
  return (await Promise.all(lists)).flat();
}

/** The root's .gitignore holds plain names and `*` only; a test holds that both lists are the same. */
function parseIgnore(content: string): Bun.Glob[] {
  const names = content.split("\n").map((line) => line.trim().replace(/\/$/, ""));
  return [".git", ...names.filter((name) => name !== "" && !name.startsWith("#"))].map(
    (name) => new Bun.Glob(name),
  );
}

/** Undefined for a file that git still lists and that is gone: deleted, or not checked out. */
async function read(root: string, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(join(root, name));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

// Reads the repository: its workspaces, their manifests and the files that git knows.
import { join } from "node:path";

export const root = join(import.meta.dir, "..");

/** The part of a package.json that the tests read. */
export interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly license?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly bunyard?: Readonly<Record<string, unknown>>;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly trustedDependencies?: readonly string[];
}

export interface Workspace {
  /** Relative to the root, with forward slashes; `.` is the root itself. */
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Reads every workspace, the root first. */
export async function readWorkspaces(): Promise<readonly Workspace[]> {
  const manifest = await readManifest(root);
  const directories = (manifest.workspaces ?? []).flatMap((pattern) => [
    ...new Bun.Glob(`${pattern}/package.json`).scanSync({ cwd: root }),
  ]);
  const members = directories.map(async (file) => {
    const directory = file.replaceAll("\\", "/").replace(/\/package\.json$/, "");
    return { directory, manifest: await readManifest(join(root, directory)) };
  });
  return [{ directory: ".", manifest }, ...(await Promise.all(members))];
}

/** Names of the templates, sorted. */
export function templateNames(): readonly string[] {
  const files = new Bun.Glob("*/package.json").scanSync({ cwd: join(root, "templates") });
  return [...files].map((file) => file.replace(/[/\\]package\.json$/, "")).sort();
}

export async function readManifest(directory: string): Promise<Manifest> {
  return await Bun.file(join(directory, "package.json")).json();
}

/** The modules that Bun loads first, by a bunfig.toml. */
export interface Preloads {
  readonly programs: readonly string[];
  readonly tests: readonly string[];
}

export async function readPreloads(directory: string): Promise<Preloads> {
  const file = Bun.file(join(root, directory, "bunfig.toml"));
  return preloadsOf((await file.exists()) ? await file.text() : "");
}

export function preloadsOf(bunfig: string): Preloads {
  const { preload, test } = Bun.TOML.parse(bunfig) as {
    preload?: readonly string[];
    test?: { preload?: readonly string[] };
  };
  return { programs: preload ?? [], tests: test?.preload ?? [] };
}

/** Lists every file that is tracked or not ignored, relative to the root, with forward slashes. */
export async function repositoryFiles(): Promise<readonly string[]> {
  // In a container, the checkout may belong to another user.
  const git = Bun.spawn(
    ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
    { cwd: root, stderr: "inherit" },
  );
  const listed = (await git.stdout.text()).split("\0").filter((path) => path !== "");
  if ((await git.exited) !== 0) throw new Error("git ls-files failed: see its message above");
  const exists = await Promise.all(listed.map((path) => Bun.file(join(root, path)).exists()));
  return listed.filter((_, index) => exists[index]).sort();
}

/** Reads a file of the repository. */
export async function readText(path: string): Promise<string> {
  return await Bun.file(join(root, path)).text();
}

// Makes a stand-in for the image `oven/bun`: a minimal Debian from this machine's own mirror, with the Bun that runs the tests.
import { chmod, copyFile, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { outputOf, runCommand } from "./command.ts";
import { lockFile } from "./file-lock.ts";

interface Options {
  /** Directory that is kept between runs. */
  readonly cache: string;
  /** The command line of buildah with these arguments. */
  readonly buildah: (...args: readonly string[]) => readonly string[];
}

const name = `docker.io/oven/bun:${Bun.version}`;
/** The same as in the real image. */
const settings = [
  ...["--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  ...["--env", "BUN_RUNTIME_TRANSPILER_CACHE_PATH=0", "--env", "BUN_INSTALL_BIN=/usr/local/bin"],
  ...["--workingdir", "/home/bun/app", "--cmd", "/usr/local/bin/bun"],
];

/** Makes the image unless the cache has it. Runs that start together make it once. */
export async function ensureBaseImage({ cache, buildah }: Options): Promise<void> {
  await mkdir(cache, { recursive: true });
  await using _lock = await lockFile(join(cache, "lock"));
  const found = await runCommand(buildah("inspect", "--type", "image", `${name}-slim`));
  if (found.exitCode === 0) return;
  const root = join(cache, "root");
  // A run that was killed has left it.
  await rm(root, { recursive: true, force: true });
  try {
    await outputOf(["debootstrap", "--variant=minbase", await release(), root, await mirror()]);
    await rm(join(root, "var", "cache", "apt"), { recursive: true });
    await addBun(root);
    await commit(root, buildah);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function commit(root: string, buildah: Options["buildah"]): Promise<void> {
  const container = await outputOf(buildah("from", "scratch"));
  try {
    await outputOf(buildah("add", container, root, "/"));
    await outputOf(buildah("config", ...settings, container));
    await outputOf(buildah("commit", "--format", "docker", container, name));
    await outputOf(buildah("tag", name, `${name}-slim`));
  } finally {
    await outputOf(buildah("rm", container));
  }
}

/** Bun and its user, as the real image has them. */
async function addBun(root: string): Promise<void> {
  const bun = join(root, "usr", "local", "bin", "bun");
  await copyFile(process.execPath, bun);
  await chmod(bun, 0o755);
  await symlink("bun", `${bun}x`);
  await outputOf(["chroot", root, "groupadd", "--gid", "1000", "bun"]);
  const user = ["--uid", "1000", "--gid", "bun", "--shell", "/bin/sh", "--create-home", "bun"];
  await outputOf(["chroot", root, "useradd", ...user]);
}

/** The release of this machine, e.g. `bookworm`. */
async function release(): Promise<string> {
  const text = await Bun.file("/etc/os-release").text();
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(text)?.[1];
  if (codename === undefined) throw new Error("/etc/os-release has no VERSION_CODENAME");
  return codename;
}

/** The mirror from which this machine installs the packages of its release. */
async function mirror(): Promise<string> {
  const format = "$(RELEASE) $(COMPONENT) $(REPO_URI)";
  const targets = await outputOf(["apt-get", "indextargets", "--format", format]);
  const wanted = `${await release()} main `;
  const line = targets.split("\n").find((target) => target.startsWith(wanted));
  if (line === undefined) throw new Error(`apt has no source for ${wanted}`);
  return line.slice(wanted.length);
}

// A new user: an empty home, empty caches, a temporary folder, and the registry of the tests.
import { existsSync } from "node:fs";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { searchPath } from "../contract/command.ts";
import { type Run, run } from "./program.ts";

/** Package managers that the registry's dependencies bring, and a machine may lack. */
const PROGRAMS = ["pnpm", "yarn"];
const BIN = join(import.meta.dir, "registry/node_modules/.bin");
const INSTALLED = "create-bunyard";
/** Variables that programs need to run. */
const NEEDED = /^(LANG|SYSTEMROOT|COMSPEC|PATHEXT|SHELL)$/i;

/**
 * The folders of the PATH. One with an installed `create-bunyard`, which `bun create` would run instead of the
 * registry's, is replaced by a folder with links to its other programs.
 */
async function programFolders(links: string): Promise<string[]> {
  const folders = searchPath().split(delimiter);
  return Promise.all(
    folders.map(async (folder, index) => {
      if (!existsSync(join(folder, INSTALLED))) return folder;
      const replacement = join(links, String(index));
      await mkdir(replacement, { recursive: true });
      for (const name of await readdir(folder)) {
        if (name !== INSTALLED) await symlink(join(folder, name), join(replacement, name));
      }
      return replacement;
    }),
  );
}

export class User {
  private constructor(
    /** Where commands run: empty, and outside every repository. */
    readonly cwd: string,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param home does not exist yet */
  static async open(home: string, registry: string): Promise<User> {
    const folder = (name: string) => join(home, name);
    for (const name of ["work", "tmp", "bin"]) await mkdir(folder(name), { recursive: true });
    if (process.platform !== "win32") {
      for (const name of PROGRAMS) await symlink(join(BIN, name), folder(`bin/${name}`));
    }
    await Bun.write(folder(".gitconfig"), "[user]\nname = Ann\nemail = ann@example.com\n");
    const machine = Object.entries(process.env).filter(([name]) => NEEDED.test(name));
    return new User(folder("work"), {
      ...Object.fromEntries(machine.map(([name, value]) => [name, value ?? ""])),
      PATH: [...(await programFolders(folder("programs"))), folder("bin")].join(delimiter),
      ...{ HOME: home, USERPROFILE: home, APPDATA: home, LOCALAPPDATA: home },
      ...{ TMPDIR: folder("tmp"), TEMP: folder("tmp"), TMP: folder("tmp") },
      GIT_CONFIG_GLOBAL: folder(".gitconfig"),
      GIT_CONFIG_NOSYSTEM: "1",
      BUN_INSTALL_CACHE_DIR: folder("bun"),
      NPM_CONFIG_CACHE: folder("npm"),
      // Yarn installs what `yarn create` runs. For root, it would do so in /usr/local.
      PREFIX: folder("yarn"),
      ...{ XDG_CONFIG_HOME: folder("yarn"), XDG_DATA_HOME: folder("yarn") },
      YARN_CACHE_FOLDER: folder("yarn/cache"),
      NPM_CONFIG_REGISTRY: registry,
      YARN_REGISTRY: registry,
      NO_COLOR: "1",
    });
  }

  /** Starts a program in a new process group, as a terminal does. */
  spawn(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return Bun.spawn([...command], {
      cwd: this.cwd,
      env: { ...this.env, ...env },
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
  }

  run(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
    return run(command, { cwd: this.cwd, env: { ...this.env, ...env } });
  }
}

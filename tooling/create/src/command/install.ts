// Installs the dependencies with the package manager of the project or of its workspace.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateError } from "../errors.ts";
import { run, type Variables } from "../subprocess.ts";
import type { PackageManager } from "./package-manager.ts";
import { shellQuoted } from "./shell.ts";
import type { Workspace } from "./workspace.ts";

export interface Install {
  readonly cwd: string;
  readonly manager: PackageManager;
  /** The command as the user would type it. */
  readonly command: string;
  /** The install is that of a workspace, in which another run may install at the same time. */
  readonly isShared: boolean;
}

/** Milliseconds between two attempts to get the lock of a workspace. */
const LOCK_POLL_MS = 50;

/**
 * Inside a workspace, its own package manager installs at its root.
 * @param bun how the user's shell starts Bun
 */
export function installFor(
  directory: string,
  workspace: Workspace | undefined,
  bun: string,
): Install {
  const manager = workspace?.manager ?? "bun";
  const command = `${manager === "bun" ? bun : manager} install`;
  const isShared = workspace !== undefined;
  return { cwd: workspace?.root ?? directory, manager, command, isShared };
}

/**
 * @param bun the executable of the running Bun, which need not be on the PATH
 * @param before start of the error message: what was done before the install
 * @throws {CreateError} `install_failed`
 */
export async function install(
  { cwd, manager, command, isShared }: Install,
  { bun, variables, signal }: { bun: string; variables: Variables; signal: AbortSignal },
  before = "The project was created",
): Promise<void> {
  const program = manager === "bun" ? bun : Bun.which(manager, { PATH: variables.PATH ?? "" });
  const failed = (reason: string, remedy: string) =>
    new CreateError(
      "install_failed",
      `${before}, but its dependencies could not be installed: ${reason}`,
      `${remedy}: cd ${shellQuoted(cwd)} && ${command}`,
    );
  if (program === null) throw failed(`${manager} was not found.`, `Install ${manager}, then run`);
  // A CI variable makes pnpm and Yarn refuse a lockfile that changes, and a new member changes it.
  const flags = manager === "pnpm" ? ["--no-frozen-lockfile"] : [];
  using _lock = isShared ? await lockWorkspace(cwd, signal) : undefined;
  const { exitCode, output } = await run({
    command: [program, "install", ...flags],
    cwd,
    env: { ...variables, YARN_ENABLE_IMMUTABLE_INSTALLS: "false" },
    signal,
  });
  if (exitCode === 0) {
    // Yarn's default since version 2.
    if (manager !== "yarn" || !existsSync(join(cwd, ".pnp.cjs"))) return;
    const remedy = "Add nodeLinker: node-modules to .yarnrc.yml, then run";
    throw failed("Bun needs node_modules, which Yarn's Plug'n'Play does not create.", remedy);
  }
  // Bun has no option that overrides these settings, and a new member changes the lockfile.
  const remedy = output.includes("lockfile is frozen")
    ? "Remove frozenLockfile and production from bunfig.toml, then run"
    : "Try again";
  throw failed(output || `exit code ${exitCode}`, remedy);
}

/** Waits until no other run installs in the workspace: at the same time, one could fail, or leave the other out of the lockfile. */
async function lockWorkspace(root: string, signal: AbortSignal): Promise<Disposable | undefined> {
  const { lockFile } = await import("../lock.ts");
  const file = join(tmpdir(), `create-bunyard-${Bun.hash(root).toString(36)}.lock`);
  const busy = new CreateError("target_busy", `Another run installs in ${root}.`);
  for (;;) {
    try {
      return lockFile(file, () => busy);
    } catch (error) {
      // Without a temporary folder, the install works as long as it is the only one.
      if (error !== busy) return undefined;
    }
    signal.throwIfAborted();
    await Bun.sleep(LOCK_POLL_MS);
  }
}

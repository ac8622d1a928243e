// Installs the packages that the starters are compared with, on first use and outside the workspace.
import { join } from "node:path";
import { runCommand } from "./command.ts";

/** Where the peers' packages and programs are. */
export const PEERS = join(import.meta.dir, "../peers");

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  /** Packages that have to be compiled before they run. */
  readonly trustedDependencies: readonly string[];
}

/**
 * Installs the packages of `peers/bun.lock` without running their scripts, then compiles the native ones among `names`
 * for the Node.js that will run them.
 * @returns the exact version of each of `names`, and of Node.js.
 */
export async function installPeers(
  names: readonly string[],
  progress: (message: string) => void,
): Promise<Readonly<Record<string, string>>> {
  if (names.length === 0) return {};
  const { dependencies, trustedDependencies }: Manifest = await Bun.file(
    join(PEERS, "package.json"),
  ).json();
  const install = ["bun", "install", "--frozen-lockfile", "--ignore-scripts"];
  await runCommand(install, { cwd: PEERS });
  const node = (await runCommand(["node", "--version"], { cwd: PEERS })).trim().slice(1);
  for (const name of trustedDependencies.filter((name) => names.includes(name))) {
    await compile(name, `${dependencies[name]} for node ${node}`, progress);
  }
  return { node, ...Object.fromEntries(names.map((name) => [name, dependencies[name] ?? "?"])) };
}

/** Builds a native package, unless it was built for these versions. */
async function compile(
  name: string,
  versions: string,
  progress: (message: string) => void,
): Promise<void> {
  const compiled = Bun.file(join(PEERS, "node_modules", `.compiled-${name}`));
  if ((await compiled.exists()) && (await compiled.text()) === versions) return;
  progress(`compiling ${name} ${versions}, which takes a minute or two`);
  await runCommand(["npm", "rebuild", name], { cwd: PEERS });
  await Bun.write(compiled, versions);
}

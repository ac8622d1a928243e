// Runs a command and waits for its exit.
import manifest from "../package.json";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Time limit of a test that starts processes, in milliseconds. A test file passes it to `setDefaultTimeout`. */
export const COMMAND_TIMEOUT = 120_000;

export async function command(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = Bun.spawn([...words], {
    cwd,
    env: { ...Bun.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, stdout, stderr };
}

/** Whether this machine has a Node.js that the package supports. */
export const hasNode = isSupported(Bun.which("node"));

function isSupported(node: string | null): boolean {
  if (node === null) return false;
  const version = Bun.spawnSync([node, "--version"]).stdout.toString().trim().slice(1);
  return Bun.semver.satisfies(version, manifest.engines.node);
}

/** Runs the same version of Bun as the tests. */
export function bun(cwd: string, ...args: string[]): Promise<Outcome> {
  return command(cwd, [process.execPath, ...args]);
}

// Runs a command in a project as its owner would, without this process's environment variables.
import { delimiter } from "node:path";
import { root } from "../workspaces.ts";

/** Milliseconds that a command may take on a loaded machine. `bun test` of a service takes the longest. */
export const COMMAND_TIMEOUT = 1_200_000;

export interface Outcome {
  readonly exitCode: number;
  /** Standard output and standard error, one after the other. */
  readonly output: string;
}

/** The first line with a warning, or undefined. */
export function warningIn(output: string): string | undefined {
  const rest = output.replaceAll(/\b(0|no) warnings?\b/gi, "");
  return /^.*\bwarn(ing)?s?\b(?! *: *0\b).*$/im.exec(rest)?.[0];
}

/** The variables that a process needs to run and to install, without those that change its behavior. `test/run.ts` sets those of Go. */
export function bareEnvironment(): Record<string, string> {
  const needed =
    /^(HOME|USER|LANG|TMPDIR|TEMP|TMP|SYSTEMROOT|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|NPM_CONFIG_(?!USER_AGENT|LOCAL_PREFIX).*|BUN_INSTALL.*|GOGC|GOMEMLIMIT)$/i;
  const kept = Object.entries(process.env).filter(([name]) => needed.test(name));
  const environment = Object.fromEntries(kept.map(([name, value]) => [name, value ?? ""]));
  return { ...environment, PATH: searchPath() };
}

/** The PATH without the folders that `bun run` adds, in which a project would find programs that it does not have. */
export const searchPath = (): string =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.startsWith(root))
    .join(delimiter);

/** Runs `bun` with these arguments in a directory. */
export function bun(directory: string, ...args: string[]): Promise<Outcome> {
  return run(directory, [process.execPath, ...args], {});
}

/** Runs a shell script in a directory; the first command that fails ends it. @param variables in addition to the bare ones */
export function shell(
  directory: string,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return run(directory, ["sh", "-euc", script], variables);
}

/** Runs `bun test` with the variables that the tests of a project read: its engines, its programs, and whether it is CI. */
export function runSuite(directory: string): Promise<Outcome> {
  const names = ["CI", "CC", "REDIS_URL", "DATABASE_URL", "BUN_CHROME_PATH"];
  const given = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return run(directory, [process.execPath, "test"], Object.fromEntries(given));
}

async function run(
  directory: string,
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const child = Bun.spawn([...command], {
    cwd: directory,
    env: { ...bareEnvironment(), ...variables },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, output: Bun.stripANSI(stdout + stderr) };
}

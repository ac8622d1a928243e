// Runs a program to its end and returns its output.
import { expect } from "bun:test";

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export async function run(command: readonly string[], { cwd, env }: Surroundings): Promise<Run> {
  const options = { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" } as const;
  const child = Bun.spawn([...command], options);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Resolves to the program's standard output. Fails with its complete output if it does not succeed. */
export async function succeed(command: readonly string[], around: Surroundings): Promise<string> {
  const { code, stdout, stderr } = await run(command, around);
  expect(code, `${command.join(" ")}\n${stderr}${stdout}`).toBe(0);
  return stdout;
}

// Runs the commands of a project, which have to pass without a warning.
import { test } from "bun:test";
import { bun, COMMAND_TIMEOUT, type Outcome, warningIn } from "./command.ts";
import type { Project } from "./project.ts";
import { missingFor } from "./requirements.ts";

/** @throws with the complete output if the command failed or printed a warning. */
function expectClean(command: string, { exitCode, output }: Outcome): void {
  const warned = warningIn(output);
  if (exitCode !== 0 || warned !== undefined) {
    throw new Error(
      `${command} exited with ${exitCode}${warned ? ` and warned: ${warned}` : ""}\n${output}`,
    );
  }
}

export function builds(project: Project): void {
  const missing = missingFor(project.name, "bun run build");
  test.skipIf(missing !== undefined)(
    missing === undefined ? "builds" : `builds (${missing})`,
    () => passesItsBuild(project),
    COMMAND_TIMEOUT,
  );
}

export async function passesItsBuild({ directory }: Project): Promise<void> {
  expectClean("bun run build", await bun(directory, "run", "build"));
}

/** Runs the commands that take a few seconds. */
export async function installsAndChecks({ directory }: Project): Promise<void> {
  expectClean("bun install", await bun(directory, "install", "--frozen-lockfile"));
  expectClean("bun run check", await bun(directory, "run", "check"));
}

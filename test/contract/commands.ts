// The commands of a project pass as they are, without a warning.
import { expect, test } from "bun:test";
import { bun, COMMAND_TIMEOUT, type Outcome, warningIn } from "./command.ts";
import type { Project } from "./project.ts";
import { missingFor } from "./requirements.ts";

/** @throws with all that the command printed, when it failed or warned. */
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
    async () => {
      expectClean("bun run build", await bun(project.directory, "run", "build"));
    },
    COMMAND_TIMEOUT,
  );
}

/** Everything but the build. A template in place runs these commands as tasks of its own. */
export async function passesItsCommands(project: Project): Promise<void> {
  await installsAndChecks(project);
  const tests = await bun(project.directory, "test");
  expect(tests.exitCode, tests.output).toBe(0);
}

/** Those of its commands that a project passes in a few seconds. */
export async function installsAndChecks({ directory }: Project): Promise<void> {
  expectClean("bun install", await bun(directory, "install", "--frozen-lockfile"));
  expectClean("bun run check", await bun(directory, "run", "check"));
  expectClean(
    "biome check",
    await bun(directory, "x", "biome", "check", "--error-on-warnings", "."),
  );
}

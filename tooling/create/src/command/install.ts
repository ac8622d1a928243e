// Installs the dependencies with the package manager that is right for the place.
import { CreateError } from "../errors.ts";
import { type Environment, run } from "../subprocess.ts";

export interface Install {
  readonly cwd: string;
  readonly manager: string;
}

/** What the user would type. */
export const installCommand = ({ manager }: Install): string => `${manager} install`;

/** @param bun the executable of the running Bun, which need not be on the PATH */
export async function install(
  plan: Install,
  { bun, env, signal }: { bun: string; env: Environment; signal: AbortSignal },
): Promise<void> {
  const program = plan.manager === "bun" ? bun : Bun.which(plan.manager, { PATH: env.PATH ?? "" });
  const failed = (reason: string) =>
    new CreateError(
      "install_failed",
      `The project is there, but its dependencies could not be installed: ${reason}`,
      `Try again: cd ${JSON.stringify(plan.cwd)} && ${installCommand(plan)}`,
    );
  if (program === null) throw failed(`${plan.manager} was not found.`);
  const { exitCode, output } = await run({
    command: [program, "install"],
    cwd: plan.cwd,
    env,
    signal,
  });
  if (exitCode !== 0) throw failed(output || `exit code ${exitCode}`);
}

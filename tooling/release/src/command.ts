// Runs a program to its end.
import { ReleaseError } from "@bunyard/shared/release";

/** Resolves to the program's standard output. @throws {ReleaseError} with its complete output. */
export async function run(cwd: string, ...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (code === 0) return output.trim();
  throw new ReleaseError(`${command.join(" ")} exited with ${code}\n${output}${errors}`);
}

// Runs check, diff, update and adopt: arguments → versions → plan → changes → report, and an exit code.
import { type Flags, type Options, parseOptions } from "../command/args.ts";
import { type ProjectCommand, projectCommands, version } from "../command/definition.ts";
import type { Environment } from "../command/environment.ts";
import { hasGit } from "../command/git.ts";
import { errorJson, errorText } from "../command/report.ts";
import { openStyle } from "../command/style.ts";
import { asCreateError, CreateError } from "../errors.ts";
import type { TemplateSource } from "../sources/templates.ts";
import { adopt } from "./adopt.ts";
import { check } from "./check.ts";
import { diff } from "./diff.ts";
import { update } from "./update.ts";

/** How a command ended: what a program reads, and what a user reads. */
export interface Outcome {
  readonly json: object;
  /** Empty for nothing. */
  readonly text: string;
  readonly exitCode: number;
  readonly error?: CreateError;
}

export interface Call {
  readonly source: TemplateSource;
  /** With `--json`, without progress: nothing but the object is printed. */
  readonly environment: Environment;
}

/** Never rejects. */
export async function runProjectCommand(
  name: ProjectCommand,
  argv: readonly string[],
  source: TemplateSource,
  environment: Environment,
): Promise<number> {
  const { out, err, colors, signal } = environment;
  const isJson = argv.includes("--json");
  const style = openStyle(colors);
  const call: Call = {
    source,
    environment: isJson ? { ...environment, spin: () => () => undefined } : environment,
  };
  try {
    if (argv.includes("--help")) {
      const { usageText } = await import("../command/help.ts");
      out(await usageText(projectCommands[name], colors));
      return 0;
    }
    const { json, text, exitCode, error } = await outcomeOf(name, argv, call);
    if (isJson) out(JSON.stringify({ command: name, ...json }));
    else {
      if (text !== "") out(text);
      if (error) err(errorText(error, style));
    }
    return exitCode;
  } catch (thrown) {
    const error = signal.aborted
      ? new CreateError("interrupted", "Interrupted: nothing was changed.")
      : asCreateError(thrown);
    const refusal = { command: name, ok: false, version, error: errorJson(error) };
    if (isJson) out(JSON.stringify(refusal));
    else err(errorText(error, style));
    return error.exitCode;
  }
}

function outcomeOf(name: ProjectCommand, argv: readonly string[], call: Call): Promise<Outcome> {
  if (name !== "adopt") requireGit(call.environment);
  if (name === "check") return check(optionsOf(argv, projectCommands.check.args), call);
  if (name === "diff") return diff(optionsOf(argv, projectCommands.diff.args), call);
  if (name === "update") return update(optionsOf(argv, projectCommands.update.args), call);
  return adopt(optionsOf(argv, projectCommands.adopt.args), call);
}

function optionsOf<F extends Flags>(argv: readonly string[], flags: F): Options<keyof F & string> {
  const options = parseOptions(argv, flags);
  const [extra] = options.positionals;
  if (extra === undefined) return options;
  const message = `"${extra}" is not expected: the command works in the current project.`;
  throw new CreateError("usage", message, "See --help.");
}

function requireGit({ variables }: Environment): void {
  if (hasGit(variables)) return;
  throw new CreateError("refused", "git is not installed.", "Install git, and try again.");
}

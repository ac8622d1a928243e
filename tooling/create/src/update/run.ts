// Runs check, diff, update and adopt: arguments → versions → plan → changes → report, and an exit code.
import { type Flags, type Options, parseOptions } from "../command/args.ts";
import { type ProjectCommand, projectCommands, version } from "../command/definition.ts";
import type { Environment } from "../command/environment.ts";
import { hasGit } from "../command/git.ts";
import { errorJson, errorText } from "../command/report.ts";
import { shellQuoted } from "../command/shell.ts";
import { openStyle, type Style } from "../command/style.ts";
import { asCreateError, CreateError } from "../errors.ts";
import type { TemplateSource } from "../sources/templates.ts";
import { adopt } from "./adopt.ts";
import { check } from "./check.ts";
import { diff } from "./diff.ts";
import { update } from "./update.ts";

/** How a command ended: what a program reads, and what a user reads. */
export interface Outcome {
  readonly json: object;
  /** @param columns width of the terminal; undefined without one */
  readonly text: (style: Style, columns: number | undefined) => string;
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
  const { out, err, colors, columns, signal } = environment;
  const isJson = argv.includes("--json");
  const call: Call = {
    source,
    environment: isJson ? { ...environment, spin: () => () => undefined } : environment,
  };
  try {
    if (argv.includes("--help")) {
      const { usageText } = await import("../command/help.ts");
      out(await usageText(projectCommands[name], colors.out));
      return 0;
    }
    const { json, text, exitCode, error } = await outcomeOf(name, argv, call);
    if (isJson) out(JSON.stringify({ command: name, ...json }));
    else {
      const report = text(openStyle(colors.out), columns());
      if (report !== "") out(report);
      if (error) err(errorText(error, openStyle(colors.err)));
    }
    return exitCode;
  } catch (thrown) {
    const error = signal.aborted
      ? new CreateError("interrupted", "Interrupted: nothing was changed.")
      : asCreateError(thrown);
    const refusal = { command: name, ok: false, version, error: errorJson(error) };
    if (isJson) out(JSON.stringify(refusal));
    else err(errorText(error, openStyle(colors.err)));
    return error.exitCode;
  }
}

function outcomeOf(name: ProjectCommand, argv: readonly string[], call: Call): Promise<Outcome> {
  if (name !== "adopt") requireGit(call.environment);
  if (name === "check") return run(check, optionsOf(argv, projectCommands.check.args), call);
  if (name === "diff") return run(diff, optionsOf(argv, projectCommands.diff.args), call);
  if (name === "update") return run(update, optionsOf(argv, projectCommands.update.args), call);
  return run(adopt, optionsOf(argv, projectCommands.adopt.args), call);
}

/** Runs a command. If the user named the project, the commands in the hint of an error name it, too. */
async function run<Given extends Pick<Options<"project">, "value">>(
  command: (options: Given, call: Call) => Promise<Outcome>,
  options: Given,
  call: Call,
): Promise<Outcome> {
  try {
    return await command(options, call);
  } catch (thrown) {
    const error = asCreateError(thrown);
    const project = options.value("project");
    if (project === undefined || error.hint === undefined) throw error;
    const named = `$& --project ${shellQuoted(project)}`;
    const hint = error.hint.replaceAll(/create-bunyard@latest \w+(?!.*--project)/g, named);
    throw new CreateError(error.code, error.message, hint, { cause: error });
  }
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

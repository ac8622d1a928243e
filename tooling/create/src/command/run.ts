// The command from start to end: arguments → answers → plan → apply → report, and an exit code.
import { relative } from "node:path";
import { asCreateError } from "../errors.ts";
import { findTemplate, type TemplateSource } from "../sources/templates.ts";
import { completeAnswers } from "./answers.ts";
import { apply, interrupted, type Outcome, type StepName } from "./apply.ts";
import { type Args, parseArgs } from "./args.ts";
import { isProjectCommand, version } from "./definition.ts";
import type { Environment } from "./environment.ts";
import { repositoryAround } from "./git.ts";
import { bunCommand } from "./next-steps.ts";
import { makePlan } from "./plan.ts";
import { locationNotes, personalize, placeIn } from "./project.ts";
import {
  bannerText,
  errorText,
  listText,
  outcomeJson,
  outcomeText,
  planned,
  plannedText,
  refusalJson,
} from "./report.ts";
import { changeDirectory } from "./shell.ts";
import { openStyle } from "./style.ts";
import { refuseSwallowedOptions } from "./swallowed-options.ts";
import { inspectTarget } from "./target.ts";
import { nestingOf } from "./workspace.ts";

/** Never rejects. */
export async function run(source: TemplateSource, environment: Environment): Promise<number> {
  const { argv, colors, out, err } = environment;
  const json = argv.includes("--json");
  const print = (value: unknown) => out(JSON.stringify(value));
  const style = openStyle(colors.out);
  const errorStyle = openStyle(colors.err);
  // Bun may run a cached copy that is a day old, so the version is printed. With `--json`, it is in the object.
  const isPublished = source.clone === undefined;
  if (isPublished && !json && !asksAboutCommand(argv)) err(bannerText(version, errorStyle));
  try {
    refuseSwallowedOptions(argv, environment.variables);
    const [name, ...rest] = argv.filter((arg) => arg !== "--");
    if (isProjectCommand(name)) {
      const { runProjectCommand } = await import("../update/run.ts");
      return await runProjectCommand(name, rest, source, environment);
    }
    const args = parseArgs(argv);
    if (args.has("help") || args.has("version")) {
      out(args.has("help") ? await help(colors.out) : version);
      return 0;
    }
    if (args.has("list")) {
      const templates = await source.list();
      if (json) print(templates);
      else out(listText(templates, style));
      return 0;
    }
    const outcome = await create(args, source, environment);
    if (json) print(outcomeJson(outcome));
    else {
      const text = (args.has("dry-run") ? plannedText : outcomeText)(outcome, style);
      if (text !== "") out(text);
      if (outcome.error) err(errorText(outcome.error, errorStyle));
    }
    return outcome.error?.exitCode ?? 0;
  } catch (thrown) {
    const error = environment.signal.aborted ? interrupted() : asCreateError(thrown);
    if (json) print(refusalJson(error, version));
    else err(errorText(error, errorStyle));
    return error.exitCode;
  }
}

/** `--help` and `--version` print nothing else. */
const asksAboutCommand = (argv: readonly string[]): boolean =>
  argv.includes("--help") || argv.includes("--version");

async function create(
  args: Args,
  source: TemplateSource,
  environment: Environment,
): Promise<Outcome> {
  const { cwd, variables, bun, signal } = environment;
  const templates = await source.list();
  const completed = await completeAnswers(args, templates, source, environment);
  const { directory, name, template } = completed.answers;
  const nesting = nestingOf(directory);
  const files = placeIn(personalize(completed.files, name, template), nesting);
  const paths = [...files.keys()];
  const notes = locationNotes(directory, paths, nesting, repositoryAround(directory));
  const plan = makePlan(
    completed.answers,
    findTemplate(template, templates),
    { version, files: paths, notes },
    {
      target: inspectTarget(directory, paths),
      workspace: nesting.workspace,
      gitObstacle: completed.gitObstacle,
      cd: changeDirectory(relative(cwd, directory)),
      bun: bunCommand(variables),
    },
  );
  if (args.has("dry-run")) return planned(plan);
  const announce = (step: StepName) =>
    step === "install" && !args.has("json")
      ? environment.spin("Installing the dependencies")
      : () => undefined;
  return apply(plan, files, { bun, variables, signal, announce });
}

/** The help's renderer is loaded only for `--help`. */
const help = async (colors: boolean) => (await import("./help.ts")).helpText(colors);

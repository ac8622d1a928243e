// The command from start to end: arguments → answers → plan → apply → report, and an exit code.
import { relative } from "node:path";
import { asCreateError } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { findTemplate, type Template, type TemplateSource } from "../sources/templates.ts";
import { rulesFor } from "./answer-rules.ts";
import { type Answers, answer, type Questions, type Rules } from "./answers.ts";
import { apply, interrupted, type Outcome, type StepName } from "./apply.ts";
import { type Args, parseArgs } from "./args.ts";
import { isProjectCommand, version } from "./definition.ts";
import type { Environment } from "./environment.ts";
import { gitObstacle } from "./git.ts";
import type { Keyboard } from "./keyboard.ts";
import { nestingOf } from "./nesting.ts";
import { bunCommand } from "./next-steps.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { makePlan } from "./plan.ts";
import { dependencyRefusal, omissions, personalize, placeIn } from "./project.ts";
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
import { inspectTarget, resolveTarget } from "./target.ts";

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
  const { answers, directory, template, obstacle } = await complete(
    args,
    templates,
    source,
    environment,
  );
  const nesting = nestingOf(directory);
  const files = placeIn(personalize(template, answers.name, answers.template), nesting);
  const plan = makePlan(
    answers,
    findTemplate(answers.template, templates),
    { version, files: [...files.keys()], notes: omissions(nesting) },
    {
      directory,
      target: inspectTarget(directory, files.keys()),
      workspace: nesting.workspace,
      gitObstacle: obstacle,
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

/** Completes the answers and reads the template, because a project cannot have the name of one of its dependencies. */
async function complete(
  args: Args,
  templates: readonly Template[],
  source: TemplateSource,
  environment: Environment,
) {
  const canAsk = () => !args.has("json") && !args.has("yes") && environment.isTerminal();
  using questions = openQuestions(environment);
  const ask = () => (canAsk() ? questions : undefined);
  const rules = rulesFor(environment, source, args);
  const answers = await answer(args, templates, rules, ask);
  const directory = resolveTarget(answers.directory, environment);
  if (source.clone !== undefined) refuseOwnFolders(source.clone, directory);
  const [template, obstacle] = await Promise.all([
    source.files(answers.template, answers),
    answers.git ? gitObstacle(directory, environment.variables) : undefined,
  ]);
  const name = await nameFor(template, answers, args, rules, ask);
  return { answers: { ...answers, name }, directory, template, obstacle };
}

/** Asks for another name if the template depends on a package of that name, unless the user chose the name. */
async function nameFor(
  template: FileMap,
  { name, directory }: Answers,
  args: Args,
  rules: Rules,
  ask: () => Questions | undefined,
): Promise<string> {
  const refusal = dependencyRefusal(template, name);
  const questions = refusal === undefined || args.has("name") ? undefined : ask();
  if (refusal === undefined || questions === undefined) return name;
  return questions.name(
    refusal,
    (typed) => rules.name(typed, directory, true) ?? dependencyRefusal(template, typed),
  );
}

/** The first question loads the prompt library and opens the keyboard. Disposing closes the keyboard. */
function openQuestions({ openKeyboard, signal }: Environment): Questions & Disposable {
  let keyboard: Keyboard | undefined;
  const open = async () => {
    const { openPrompts } = await import("./prompts.ts");
    keyboard ??= await openKeyboard();
    return openPrompts(keyboard, signal);
  };
  return {
    directory: async (check) => (await open()).directory(check),
    name: async (reason, check) => (await open()).name(reason, check),
    template: async (templates) => (await open()).template(templates),
    features: async (features) => (await open()).features(features),
    [Symbol.dispose]: () => keyboard?.[Symbol.dispose](),
  };
}

/** The help's renderer is loaded only for `--help`. */
const help = async (colors: boolean) => (await import("./help.ts")).helpText(colors);

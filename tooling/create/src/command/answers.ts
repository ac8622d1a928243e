// Completes the answers from the arguments and the disk, and asks for the missing ones if there is a user to ask.
import { basename } from "node:path";
import { CreateError } from "../errors.ts";
import { withDependents } from "../flatten/features.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { findTemplate, type Template, type TemplateSource } from "../sources/templates.ts";
import type { Args } from "./args.ts";
import { refuseCloneFolders } from "./clone-folders.ts";
import type { Environment } from "./environment.ts";
import { gitObstacle } from "./git.ts";
import type { Keyboard } from "./keyboard.ts";
import { directoryNameRefusal, nameRefusal, normalizeName } from "./names.ts";
import { placementIn } from "./plan.ts";
import { dependencyRefusal } from "./project.ts";
import { inspectTarget, resolveTarget } from "./target.ts";
import { findWorkspace } from "./workspace.ts";
import { duplicateName } from "./workspace-members.ts";

export interface Answers {
  /** Absolute. */
  readonly directory: string;
  /** Name of the package. */
  readonly name: string;
  readonly template: string;
  /** Every feature that is left out: those that the user named, and those that require one of them. */
  readonly without: readonly string[];
  /** The features that the user named. */
  readonly requested: readonly string[];
  readonly install: boolean;
  readonly git: boolean;
  readonly force: boolean;
}

/** Returns why an answer cannot be used; undefined if it can. */
export type Check = (answer: string) => CreateError | undefined;

/** The questions. Each repeats until the answer passes its check, and rejects with `interrupted` if the user cancels. */
export interface Questions {
  readonly directory: (check: Check) => Promise<string>;
  readonly name: (reason: CreateError, check: Check) => Promise<string>;
  readonly template: (templates: readonly Template[]) => Promise<string>;
  /** Resolves to the features to leave out. */
  readonly features: (features: Template["features"]) => Promise<readonly string[]>;
}

export interface Completed {
  readonly answers: Answers;
  /** The flattened template: whether a name can be used depends on it. */
  readonly files: FileMap;
  /** Why there can be no first commit. */
  readonly gitObstacle: string | undefined;
}

/** @throws {CreateError} `usage` if an answer is missing, `unknown_template`, `unknown_feature`, `invalid_name` */
export async function completeAnswers(
  args: Args,
  templates: readonly Template[],
  source: TemplateSource,
  environment: Environment,
): Promise<Completed> {
  using opened = new DisposableStack();
  let keyboard: Keyboard | undefined;
  /** The first question loads the prompt library and opens the keyboard. Without a user, throws the refusal instead. */
  const ask = async <T>(refusal: CreateError, question: (of: Questions) => Promise<T>) => {
    const canAsk = !args.has("json") && !args.has("yes") && environment.isTerminal();
    if (!canAsk) throw refusal;
    const { openPrompts } = await import("./prompts.ts");
    keyboard ??= opened.use(await environment.openKeyboard());
    return question(openPrompts(keyboard, environment.signal));
  };
  const [named, without] = [args.value("template"), args.list("without")];
  // Wrong options are refused before the first question.
  if (named !== undefined) withDependents(findTemplate(named, templates).features, without ?? []);

  const typed =
    args.directory ||
    (await ask(missingDirectory(templates), (questions) =>
      questions.directory((answer) => directoryRefusal(answer, args, source, environment)),
    ));
  const directory = resolveTarget(typed, environment);
  const unusable = directoryNameRefusal(directory);
  if (unusable) throw unusable;

  const chosen = args.value("name");
  const refusalOf = (name: string, isChosen: boolean) =>
    nameRefusal(name, isChosen ? undefined : basename(directory)) ??
    duplicateName(name, findWorkspace(directory));
  const askForName = async (refusal: CreateError, check: Check) => {
    if (chosen !== undefined) throw refusal;
    return ask(refusal, (questions) => questions.name(refusal, check));
  };
  let name = chosen ?? normalizeName(basename(directory));
  const refusal = refusalOf(name, chosen !== undefined);
  if (refusal) name = await askForName(refusal, (answer) => refusalOf(answer, true));

  const missing = missingStarter(templates);
  const template = named ?? (await ask(missing, (questions) => questions.template(templates)));
  const { features } = findTemplate(template, templates);
  // A command line that names the starter is complete: without --without, all features stay.
  const hasQuestion = named === undefined && without === undefined && features.length > 0;
  const requested = hasQuestion
    ? await ask(missing, (questions) => questions.features(features))
    : (without ?? []);
  const left = withDependents(features, requested);

  if (source.clone !== undefined) refuseCloneFolders(source.clone, directory);
  const [files, obstacle] = await Promise.all([
    source.files(template, { without: left }),
    args.has("no-git") ? undefined : gitObstacle(directory, environment.variables),
  ]);
  const dependency = dependencyRefusal(files, name);
  if (dependency) {
    const check = (answer: string) => refusalOf(answer, true) ?? dependencyRefusal(files, answer);
    name = await askForName(dependency, check);
  }
  const answers = {
    ...{ directory, name, template, without: left, requested },
    install: !args.has("no-install"),
    git: !args.has("no-git"),
    force: args.has("force"),
  };
  return { answers, files, gitObstacle: obstacle };
}

/** Why the project cannot be in a directory. The files are not known yet, so without --force any file is in the way. */
function directoryRefusal(
  typed: string,
  args: Args,
  { clone }: TemplateSource,
  environment: Environment,
): CreateError | undefined {
  try {
    const directory = resolveTarget(typed, environment);
    if (clone !== undefined) refuseCloneFolders(clone, directory);
    placementIn(directory, inspectTarget(directory, []), args.has("force"));
    return directoryNameRefusal(directory);
  } catch (error) {
    if (error instanceof CreateError) return error;
    throw error;
  }
}

function missingDirectory(templates: readonly Template[]): CreateError {
  const example = templates[0]?.name ?? "<name>";
  const hint = `For example: bun create bunyard my-app --template ${example}`;
  return new CreateError("usage", "The directory is missing.", hint);
}

function missingStarter(templates: readonly Template[]): CreateError {
  const names = templates.map(({ name }) => name).join(", ");
  return new CreateError(
    "usage",
    "The starter is missing.",
    `Add --template with one of: ${names}`,
  );
}

// Turns arguments into complete answers, and asks for the missing ones if there is a user to ask.
import { CreateError } from "../errors.ts";
import { withDependents } from "../flatten/features.ts";
import { findTemplate, type Template } from "../sources/templates.ts";
import type { Args } from "./args.ts";

export interface Answers {
  /** As it was typed. */
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

/** The checks on answers, which depend on where the project will be. */
export interface Rules {
  readonly directory: Check;
  /** The name that a directory suggests; empty if it suggests none. */
  readonly suggestedName: (directory: string) => string;
  /** @param isChosen the user chose the name; otherwise it is the one that the directory suggests */
  readonly name: (name: string, directory: string, isChosen: boolean) => CreateError | undefined;
}

/**
 * @param ask returns undefined if there is no user to ask
 * @throws {CreateError} `usage` if an answer is missing, `unknown_template`, `unknown_feature`, `invalid_name`
 */
export async function answer(
  args: Args,
  templates: readonly Template[],
  rules: Rules,
  ask: () => Questions | undefined,
): Promise<Answers> {
  const { value, list, has } = args;
  const named = value("template");
  const without = list("without");
  if (named !== undefined) refuseUnknown(named, without, templates);
  const directory = await directoryOf(args, templates, rules, ask);
  const name = await nameOf(value("name"), directory, rules, ask);
  const template = named ?? (await askForTemplate(templates, ask));
  const { features } = findTemplate(template, templates);
  // A command line that names the template is complete: without --without, all features stay.
  const hasQuestion = named === undefined && without === undefined && features.length > 0;
  const requested = (hasQuestion ? await ask()?.features(features) : without) ?? [];
  return {
    directory,
    name,
    template,
    without: withDependents(features, requested),
    requested,
    install: !has("no-install"),
    git: !has("no-git"),
    force: has("force"),
  };
}

/** Refuses wrong options before the first question. */
function refuseUnknown(
  name: string,
  without: readonly string[] | undefined,
  templates: readonly Template[],
): void {
  const { features } = findTemplate(name, templates);
  withDependents(features, without ?? []);
}

async function directoryOf(
  { directory }: Args,
  templates: readonly Template[],
  rules: Rules,
  ask: () => Questions | undefined,
): Promise<string> {
  if (directory === "") throw missingDirectory(templates);
  if (directory !== undefined) return directory;
  const questions = ask();
  if (questions === undefined) throw missingDirectory(templates);
  return questions.directory(rules.directory);
}

async function askForTemplate(
  templates: readonly Template[],
  ask: () => Questions | undefined,
): Promise<string> {
  const questions = ask();
  if (questions === undefined) throw missingTemplate(templates);
  return questions.template(templates);
}

/** Asks for the name if none can be derived from the directory. */
async function nameOf(
  chosen: string | undefined,
  directory: string,
  rules: Rules,
  ask: () => Questions | undefined,
): Promise<string> {
  const name = chosen ?? rules.suggestedName(directory);
  const reason = rules.name(name, directory, chosen !== undefined);
  if (reason === undefined) return name;
  const questions = chosen === undefined ? ask() : undefined;
  if (questions === undefined) throw reason;
  return questions.name(reason, (answer) => rules.name(answer, directory, true));
}

function missingDirectory(templates: readonly Template[]): CreateError {
  const example = templates[0]?.name ?? "<name>";
  return new CreateError(
    "usage",
    "The directory is missing.",
    `For example: bun create bunyard my-app --template ${example}`,
  );
}

function missingTemplate(templates: readonly Template[]): CreateError {
  const names = templates.map(({ name }) => name).join(", ");
  return new CreateError(
    "usage",
    "The starter is missing.",
    `Add --template with one of: ${names}`,
  );
}

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
  /** Every feature that is left out, those that require another one included. */
  readonly without: readonly string[];
  /** The features that the user left out. */
  readonly asked: readonly string[];
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
  readonly name: (name: string, directory: string, isAsked: boolean) => CreateError | undefined;
}

/**
 * @param ask returns undefined if no one can be asked
 * @throws {CreateError} `usage` if an answer is missing, `unknown_template`, `unknown_feature`, `invalid_name`
 */
export async function answer(
  args: Args,
  templates: readonly Template[],
  rules: Rules,
  ask: () => Questions | undefined,
): Promise<Answers> {
  const { value, list, has } = args;
  const chosen = value("template");
  const without = list("without");
  if (chosen !== undefined) refuseUnknown(chosen, without, templates);
  const directory = await directoryOf(args, templates, rules, ask);
  const name = await nameOf(value("name"), directory, rules, ask);
  const template =
    chosen ?? (await (ask()?.template(templates) ?? reject(missingTemplate(templates))));
  const { features } = findTemplate(template, templates);
  // The features are a question of the dialog; a command line that names the template is complete.
  const isAsked = chosen === undefined && features.length > 0;
  const asked = without ?? (isAsked ? await ask()?.features(features) : undefined) ?? [];
  return {
    directory,
    name,
    template,
    without: withDependents(features, asked),
    asked,
    install: !has("no-install"),
    git: !has("no-git"),
    force: has("force"),
  };
}

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
  return ask()?.directory(rules.directory) ?? reject(missingDirectory(templates));
}

/** Asks for the name if none can be derived from the directory. */
async function nameOf(
  asked: string | undefined,
  directory: string,
  rules: Rules,
  ask: () => Questions | undefined,
): Promise<string> {
  const name = asked ?? rules.suggestedName(directory);
  const reason = rules.name(name, directory, asked !== undefined);
  if (reason === undefined) return name;
  const questions = asked === undefined ? ask() : undefined;
  if (questions === undefined) throw reason;
  return questions.name(reason, (answer) => rules.name(answer, directory, true));
}

const reject = (error: CreateError): Promise<never> => Promise.reject(error);

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
    "The template is missing.",
    `Add --template with one of: ${names}`,
  );
}

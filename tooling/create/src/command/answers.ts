// Turns arguments into complete answers; asks for what is missing, if there is somebody to ask.

import { CreateError } from "../errors.ts";
import { findTemplate, type Template } from "../sources/templates.ts";
import type { Args } from "./args.ts";

export interface Answers {
  /** As it was typed. */
  readonly directory: string;
  readonly template: string;
  /** Undefined: made from the directory. */
  readonly name: string | undefined;
  readonly install: boolean;
  readonly git: boolean;
  readonly force: boolean;
}

/** The questions. Each rejects with `interrupted` when the user leaves. */
export interface Questions {
  readonly directory: () => Promise<string>;
  readonly template: (templates: readonly Template[]) => Promise<string>;
}

/**
 * @param ask gives undefined if nobody can be asked
 * @throws {CreateError} `usage` if something is missing, `unknown_template`
 */
export async function answer(
  { directory, values, has }: Args,
  templates: readonly Template[],
  ask: () => Questions | undefined,
): Promise<Answers> {
  if (values.template !== undefined) findTemplate(values.template, templates);
  if (directory === "") throw missingDirectory(templates);
  return {
    directory: directory ?? (await (ask()?.directory() ?? reject(missingDirectory(templates)))),
    template:
      values.template ?? (await (ask()?.template(templates) ?? reject(missingTemplate(templates)))),
    name: values.name,
    install: !has("no-install"),
    git: !has("no-git"),
    force: has("force"),
  };
}

const reject = (error: CreateError): Promise<never> => Promise.reject(error);

function missingDirectory(templates: readonly Template[]): CreateError {
  const example = templates[0]?.name ?? "<name>";
  return new CreateError(
    "usage",
    "Say which directory to create.",
    `For example: bun create bunyard my-app --template ${example}`,
  );
}

function missingTemplate(templates: readonly Template[]): CreateError {
  const names = templates.map(({ name }) => name).join(", ");
  return new CreateError(
    "usage",
    "Say which template to use.",
    `Add --template with one of: ${names}`,
  );
}

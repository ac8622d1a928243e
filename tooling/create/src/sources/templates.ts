// The starters on offer, and where they come from.

import { nearest } from "../command/nearest.ts";
import { CreateError } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { isObject } from "../flatten/json.ts";
import type { Manifest } from "../flatten/manifest.ts";

export interface Template {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What the starter has on board, in a few words each. */
  readonly ships: readonly string[];
}

/** The clone of the repository, or the published package. */
export interface TemplateSource {
  readonly list: () => Promise<readonly Template[]>;
  /** The flattened project. */
  readonly files: (template: string) => Promise<FileMap>;
  /** The root of the clone: its own folders are no place for a project. */
  readonly clone?: string;
}

/** A template's entry in the list, from its package.json: it is written down there and nowhere else. */
export function describeTemplate(name: string, { description, bunyard }: Manifest): Template {
  const { title, ships } = isObject(bunyard) ? bunyard : {};
  return {
    name,
    title: typeof title === "string" ? title : name,
    description: typeof description === "string" ? description : "",
    ships: Array.isArray(ships) ? ships.filter((item) => typeof item === "string") : [],
  };
}

/** @throws {CreateError} `unknown_template` */
export function findTemplate(name: string, templates: readonly Template[]): Template {
  const template = templates.find((candidate) => candidate.name === name);
  if (template) return template;
  const names = templates.map((candidate) => candidate.name);
  const match = nearest(name, names);
  throw new CreateError(
    "unknown_template",
    `There is no template "${name}".`,
    match === undefined
      ? `Choose one of: ${names.join(", ")}.`
      : `Did you mean --template ${match}?`,
  );
}

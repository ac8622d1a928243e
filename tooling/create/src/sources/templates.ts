// The starters on offer, and where they come from.
import { CreateError } from "../errors.ts";
import { type Feature, featuresOf } from "../flatten/features.ts";
import type { FileMap } from "../flatten/file-map.ts";
import type { FlattenOptions } from "../flatten/flatten.ts";
import type { Manifest } from "../flatten/manifest.ts";
import { nearest } from "../nearest.ts";

export interface Template {
  readonly name: string;
  readonly description: string;
  /** The features that can be left out. */
  readonly features: readonly Pick<Feature, "name" | "description" | "requires">[];
}

/** The clone of the repository, or the published package. */
export interface TemplateSource {
  readonly list: () => Promise<readonly Template[]>;
  /** The flattened project. */
  readonly files: (template: string, options?: FlattenOptions) => Promise<FileMap>;
  /** The root of the clone: its own folders are not a place for a project. */
  readonly clone?: string;
  /** Path of its CHANGELOG.md. */
  readonly changelog?: string;
}

/** A template's entry in the list. Its package.json is the only place that describes it. */
export function describeTemplate(name: string, manifest: Manifest): Template {
  const { description } = manifest;
  return {
    name,
    description: typeof description === "string" ? description : "",
    features: featuresOf(manifest, () => `templates/${name}/package.json`).map(
      ({ name, description, requires }) => ({ name, description, requires }),
    ),
  };
}

/** @throws {CreateError} `unknown_template` */
export function findTemplate(name: string, templates: readonly Template[]): Template {
  const template = templates.find((candidate) => candidate.name === name);
  if (template) return template;
  const names = templates.map((candidate) => candidate.name);
  const match = nearest(name, names);
  const hint =
    match === undefined ? `The starters are: ${names.join(", ")}.` : `Did you mean ${match}?`;
  throw new CreateError("unknown_template", `There is no starter "${name}".`, hint);
}

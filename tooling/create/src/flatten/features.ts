// The optional features of a template, as its package.json declares them under `bunyard.features`.
import { CreateError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { isObject, type Json } from "./json.ts";
import { type Manifest, section } from "./manifest.ts";
import { broken } from "./rules.ts";

export interface Feature {
  readonly name: string;
  /** One line for the prompt and for `--list`. */
  readonly description: string;
  /** Files and folders that belong to the feature. One that two features list stays only if both stay. */
  readonly paths: readonly string[];
  /**
   * Keys and array elements of package.json that belong to the feature, by section: `{ "scripts": ["load"] }`.
   * One that several features list stays as long as one of them stays.
   */
  readonly package: Readonly<Record<string, readonly string[]>>;
  /** Features without which this one cannot work: leaving one of them out leaves this one out. */
  readonly requires: readonly string[];
  /** Words that only occur in what belongs to the feature. Tests look for them in projects without it. */
  readonly words: readonly string[];
}

const KEYS: readonly (keyof Feature)[] = ["description", "paths", "package", "requires", "words"];

/** Returns where a feature is declared, for messages: `file:line`. */
export type Locate = (feature: string) => string;

/** Finds the lines of the features in the text of a package.json. */
export function locateIn(file: string, source: string): Locate {
  const start = source.indexOf('"features"');
  return (feature) => {
    const index = source.indexOf(`"${feature}":`, start);
    return index === -1 ? file : `${file}:${source.slice(0, index).split("\n").length}`;
  };
}

/** @throws {CreateError} `broken_template` */
export function featuresOf(manifest: Manifest, locate: Locate): readonly Feature[] {
  const declared = section(section(manifest, "bunyard"), "features");
  const features = Object.entries(declared).map(([name, value]) =>
    parseFeature(name, value, locate, manifest),
  );
  for (const { name, requires } of features) {
    const unknown = requires.find((required) => !(required in declared));
    if (unknown === undefined) continue;
    throw broken(
      locate(name),
      `declares feature ${name}, which requires unknown feature ${unknown}`,
    );
  }
  return features;
}

/**
 * The features to leave out: those that were requested, and those that require one of them, in the template's order.
 * @throws {CreateError} `unknown_feature`
 */
export function withDependents(
  features: readonly Pick<Feature, "name" | "requires">[],
  requested: readonly string[],
): readonly string[] {
  const names = features.map(({ name }) => name);
  const unknown = requested.find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownFeature(unknown, names);
  const out = new Set(requested);
  // A set iterates over what is added to it during the iteration.
  for (const name of out) {
    for (const feature of features) if (feature.requires.includes(name)) out.add(feature.name);
  }
  return names.filter((name) => out.has(name));
}

function unknownFeature(name: string, known: readonly string[]): CreateError {
  if (known.length === 0) {
    const message = `There is no feature "${name}": this starter has no optional features.`;
    return new CreateError("unknown_feature", message, `Run the command without ${name}.`);
  }
  const match = nearest(name, known);
  const suggestion = match === undefined ? "" : `Did you mean ${match}? `;
  const hint = `${suggestion}The features are: ${known.join(", ")}.`;
  return new CreateError("unknown_feature", `There is no feature "${name}".`, hint);
}

function parseFeature(name: string, value: Json, locate: Locate, manifest: Manifest): Feature {
  const refuse = (problem: string) => broken(locate(name), `declares feature ${name} ${problem}`);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw refuse("under a name that is not lower-case");
  if (!isObject(value)) throw refuse("as something other than an object");
  const unknown = Object.keys(value).find((key) => !KEYS.some((known) => known === key));
  if (unknown !== undefined) throw refuse(`with unknown key ${unknown}`);
  const { description } = value;
  if (typeof description !== "string" || description === "") throw refuse("without a description");
  const strings = (key: string, list: Json | undefined): readonly string[] => {
    if (list === undefined) return [];
    if (!Array.isArray(list)) throw refuse(`with ${key}, which has to be a list of strings`);
    return list.map(String);
  };
  const feature: Feature = {
    name,
    description,
    paths: strings("paths", value.paths).map((path) => path.replace(/^\.\/|\/$/g, "")),
    package: Object.fromEntries(
      Object.entries(section(value, "package")).map(([key, list]) => [key, strings(key, list)]),
    ),
    requires: strings("requires", value.requires),
    words: strings("words", value.words),
  };
  for (const [key, entries] of Object.entries(feature.package)) {
    const missing = entries.find((entry) => !has(manifest[key], entry));
    if (missing !== undefined) throw refuse(`with ${key} ${missing}, which does not exist`);
  }
  return feature;
}

/** Whether a section of package.json has a key or an element. */
function has(value: Json | undefined, entry: string): boolean {
  if (Array.isArray(value)) return value.includes(entry);
  return isObject(value) && Object.hasOwn(value, entry);
}

// Leaves features out of a template: their files, their regions, and their part of package.json.
import { type Feature, featuresOf, type Locate, locateIn, withDependents } from "./features.ts";
import { bytes, contains, type FileMap, text } from "./file-map.ts";
import type { Json, JsonObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Manifest } from "./manifest.ts";
import { applyRegions } from "./regions.ts";
import { broken } from "./rules.ts";

export interface Remainder {
  readonly files: FileMap;
  readonly manifest: Manifest;
  /** Everything that was left out: the requested features, and those that require one of them. */
  readonly without: readonly string[];
}

/**
 * @param folder of the template, for messages
 * @throws {CreateError} `broken_template`, `unknown_feature`
 */
export function leaveOut(
  templateFiles: FileMap,
  manifest: Manifest,
  folder: string,
  requested: readonly string[],
): Remainder {
  const source = text(templateFiles.get("package.json") ?? new Uint8Array());
  const locate = locateIn(`${folder}/package.json`, source);
  const features = featuresOf(manifest, locate);
  const without = withDependents(features, requested);
  const isOut = new Set(without);
  const known = new Set(features.map(({ name }) => name));
  const marked = new Set<string>();
  const files = new Map<string, Uint8Array>();
  for (const [path, content] of templateFiles) {
    const regions = contains(content, "region")
      ? applyRegions(`${folder}/${path}`, text(content), known, isOut)
      : undefined;
    for (const name of regions?.features ?? []) marked.add(name);
    if (features.some((feature) => isOut.has(feature.name) && owns(feature, path))) continue;
    files.set(path, regions === undefined ? content : bytes(regions.text));
  }
  for (const feature of features) refuseWithoutParts(feature, templateFiles, marked, locate);
  return { files, manifest: withoutParts(manifest, features, isOut), without };
}

const owns = ({ paths }: Feature, file: string): boolean =>
  paths.some((path) => file === path || file.startsWith(`${path}/`));

function refuseWithoutParts(
  feature: Feature,
  templateFiles: FileMap,
  marked: ReadonlySet<string>,
  locate: Locate,
): void {
  const files = [...templateFiles.keys()];
  const missing = feature.paths.find(
    (path) => !files.some((file) => owns({ ...feature, paths: [path] }, file)),
  );
  if (missing !== undefined) {
    throw broken(
      locate(feature.name),
      `declares feature ${feature.name} with path ${missing}, which does not exist`,
    );
  }
  if (feature.paths.length > 0 || marked.has(feature.name)) return;
  const hint = `List its folder in "paths", or mark its regions with "#region ${feature.name}".`;
  throw broken(
    locate(feature.name),
    `declares feature ${feature.name} without a path or a region`,
    hint,
  );
}

/** The manifest without the keys and elements that only left-out features list. */
function withoutParts(
  manifest: Manifest,
  features: readonly Feature[],
  isOut: ReadonlySet<string>,
): Manifest {
  const listed = (key: string, isWanted: (feature: Feature) => boolean) =>
    new Set(features.filter(isWanted).flatMap((feature) => feature.package[key] ?? []));
  const sections = Object.entries(manifest).flatMap(([key, value]): [string, Json][] => {
    const needed = listed(key, ({ name }) => !isOut.has(name));
    const gone = listed(key, ({ name }) => isOut.has(name)).difference(needed);
    if (gone.size === 0) return [[key, value]];
    const rest = without(value, gone);
    return Object.keys(rest).length === 0 ? [] : [[key, rest]];
  });
  return Object.fromEntries(sections);
}

function without(value: Json, gone: ReadonlySet<string>): readonly Json[] | JsonObject {
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).filter(([key]) => !gone.has(key)));
  }
  return Array.isArray(value) ? value.filter((element) => !gone.has(String(element))) : [];
}

// Reads a template's package.json, and turns it into the project's.
import { CreateError } from "../errors.ts";
import { type FileMap, text } from "./file-map.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

export type Manifest = JsonObject;

/** Name of the shared package. */
export const SHARED = "@bunyard/shared";

const START_VERSION = "0.1.0";
export const DEPENDENCY_GROUPS = [
  "dependencies",
  "devDependencies",
  "peerDependencies",
  "optionalDependencies",
];

/** @throws {CreateError} `broken_template`, with the name of the file, if the text is not a JSON object. */
export function parseManifest(text: string, file: string): Manifest {
  try {
    const manifest = JSON.parse(text);
    if (isObject(manifest)) return manifest;
    throw new SyntaxError("not an object");
  } catch (cause) {
    throw new CreateError("broken_template", `${file} is not valid JSON: ${cause}.`, undefined, {
      cause,
    });
  }
}

/**
 * The manifest among files.
 * @throws {CreateError} `broken_template` if it is missing, or not a JSON object
 */
export function manifestIn(files: FileMap, path = "package.json"): Manifest {
  const content = files.get(path);
  if (content !== undefined) return parseManifest(text(content), path);
  throw new CreateError("broken_template", `${path} is missing.`);
}

/** An object in the manifest, e.g. `scripts`; empty if it is missing. */
export function section(manifest: Manifest, key: string): JsonObject {
  const value = manifest[key];
  return isObject(value) ? value : {};
}

/** Path, in the project, of the shared module that an `imports` target names; undefined for other targets. */
export function libraryPath(target: unknown): string | undefined {
  return typeof target === "string" && target.startsWith(`${SHARED}/`)
    ? `src/lib/${target.slice(SHARED.length + 1)}.ts`
    : undefined;
}

/** The record of a created project's origin, under `bunyard` in package.json. */
export type Stamp = {
  readonly template: string;
  /** Of create-bunyard. */
  readonly version: string;
  /** Features that were left out. */
  readonly without: readonly string[];
};

/** Returns the project's manifest: the template's, in the same order, without references to the repository. */
export function flattenManifest({ engines, ...manifest }: Manifest, stamp: Stamp): Manifest {
  const project: Record<string, Json> = { ...manifest, version: START_VERSION, bunyard: stamp };
  if (engines !== undefined) project.engines = engines;
  if (isObject(manifest.imports)) project.imports = localImports(manifest.imports);
  for (const group of DEPENDENCY_GROUPS.filter((name) => name in manifest)) {
    const { [SHARED]: _, ...rest } = section(manifest, group);
    if (Object.keys(rest).length > 0) project[group] = rest;
    else delete project[group];
  }
  return project;
}

function localImports(imports: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(imports).map(([key, target]) => {
      const path = libraryPath(target);
      return [key, path === undefined ? target : `./${path}`];
    }),
  );
}

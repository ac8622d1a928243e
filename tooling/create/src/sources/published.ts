// The starters in the published package: the parts of the repository that flatten reads, under stored names.
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { type FileMap, sorted } from "../flatten/file-map.ts";
import { flatten, partsOf } from "../flatten/flatten.ts";
import { restoredPath } from "../flatten/stored-names.ts";
import type { TemplateSource } from "./templates.ts";

/** The list of starters, so that the question for one reads a single file. */
export const LIST_FILE = "templates.json";
/** The folder that holds the parts of the repository. */
export const REPOSITORY_FOLDER = "repository";

/**
 * Reads synchronously: for a few dozen small files that is faster than a thread pool.
 * @param folder of the package
 */
export function openPublished(folder: string): TemplateSource {
  const root = join(folder, REPOSITORY_FOLDER);
  return {
    changelog: join(folder, "CHANGELOG.md"),
    list: async () => JSON.parse(readFileSync(join(folder, LIST_FILE), "utf8")),
    files: async (template, options) => flatten(readParts(root, template), template, options),
  };
}

function readParts(root: string, template: string): FileMap {
  const files = partsOf(template).flatMap((part) =>
    part.endsWith(".json") ? [join(root, part)] : filesBelow(join(root, part)),
  );
  return sorted(files.map((file) => [repositoryPath(root, file), readFileSync(file)]));
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const repositoryPath = (root: string, file: string): string =>
  restoredPath(file.slice(root.length + 1).replaceAll(sep, "/"));

// The starters in the published package: the parts of the repository that flatten reads, under stored names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileMap } from "../flatten/file-map.ts";
import { flatten, partsOf } from "../flatten/flatten.ts";
import { restoredPath } from "../flatten/stored-names.ts";
import { directoryFiles } from "./directory.ts";
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
  const files = new Map<string, Uint8Array>();
  for (const part of partsOf(template)) {
    const path = join(root, part);
    const found = part.endsWith(".json")
      ? [[part, readFileSync(path)] as const]
      : directoryFiles(path, part);
    for (const [stored, content] of found) files.set(restoredPath(stored), content);
  }
  return files;
}

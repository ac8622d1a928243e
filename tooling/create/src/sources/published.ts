// The starters in the published package, where they lie flattened, under stored names, beside a list.
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { sorted } from "../flatten/file-map.ts";
import { restoredPath } from "../flatten/stored-names.ts";
import type { TemplateSource } from "./templates.ts";

/** The list's place in the templates' folder. */
export const LIST_FILE = "list.json";

/** Reads synchronously: for a few dozen small files that is faster than a pool of threads. */
export function openPublished(folder: string): TemplateSource {
  return {
    list: async () => JSON.parse(readFileSync(join(folder, LIST_FILE), "utf8")),
    files: async (template) => {
      const root = join(folder, template);
      const files = readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      return sorted(files.map((file) => [projectPath(root, file), readFileSync(file)]));
    },
  };
}

const projectPath = (root: string, file: string): string =>
  restoredPath(file.slice(root.length + 1).replaceAll(sep, "/"));

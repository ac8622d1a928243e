// The starters in the published package, where they lie flattened, under stored names, beside a list.
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { sorted } from "./file-map.ts";
import { restoredPath } from "./stored-names.ts";
import type { TemplateSource } from "./templates.ts";

/** The list's place in the templates' folder. */
export const LIST_FILE = "list.json";

export function openPublished(folder: string): TemplateSource {
  return {
    list: async () => JSON.parse(await readFile(join(folder, LIST_FILE), "utf8")),
    files: async (template) => {
      const root = join(folder, template);
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      return sorted(await Promise.all(files.map((file) => read(root, file))));
    },
  };
}

async function read(root: string, file: string): Promise<readonly [string, Uint8Array]> {
  const path = relative(root, file).replaceAll(sep, "/");
  return [restoredPath(path), await readFile(file)];
}

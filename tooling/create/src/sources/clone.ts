// The starters in a clone of the repository, as its files are now.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { flatten, partsOf } from "../flatten/flatten.ts";
import { parseManifest } from "../flatten/manifest.ts";
import { readRepository } from "./repository.ts";
import { describeTemplate, type TemplateSource } from "./templates.ts";

export function openClone(root: string): TemplateSource {
  return {
    clone: root,
    changelog: join(root, "CHANGELOG.md"),
    list: async () => {
      const folders = (await readdir(join(root, "templates"))).sort();
      const found = await Promise.all(folders.map((name) => describe(root, name)));
      return found.filter((template) => template !== undefined);
    },
    files: async (template, options) =>
      flatten(await readRepository(root, partsOf(template)), template, options),
  };
}

/** Undefined for a folder without a package.json: switching branches leaves such folders behind. */
async function describe(root: string, name: string) {
  const file = `templates/${name}/package.json`;
  const content = await readFile(join(root, file), "utf8").catch(() => undefined);
  return content === undefined ? undefined : describeTemplate(name, parseManifest(content, file));
}

// Builds the folder that is published: the command as one file, and the starters, flattened, beside it.
import { chmod, cp, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { printManifest } from "../flatten/json.ts";
import { storedPath } from "../flatten/stored-names.ts";
import { openClone } from "../sources/clone.ts";
import { LIST_FILE } from "../sources/published.ts";

const here = resolve(import.meta.dir, "../..");
const root = resolve(here, "../..");
const COMMAND = "create.js";

/** Writes the package into `folder`, which is emptied first. */
export async function pack(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Promise.all([packCommand(folder), packTemplates(folder), packDocuments(folder)]);
}

async function packCommand(folder: string): Promise<void> {
  await Bun.build({
    entrypoints: [join(here, "src/main-published.ts")],
    outdir: folder,
    naming: COMMAND,
    target: "bun",
    // In this format a module that is loaded late loads its own imports late, too.
    format: "cjs",
  });
  await chmod(join(folder, COMMAND), 0o755);
}

async function packTemplates(folder: string): Promise<void> {
  const clone = openClone(root);
  const templates = await clone.list();
  await Bun.write(join(folder, "templates", LIST_FILE), `${JSON.stringify(templates, null, 2)}\n`);
  for (const { name } of templates) {
    for (const [path, content] of await clone.files(name)) {
      await Bun.write(join(folder, "templates", name, storedPath(path)), content);
    }
  }
}

async function packDocuments(folder: string): Promise<void> {
  const { name, version, description, keywords, license, engines, publishConfig } = manifest;
  const published = {
    name,
    version,
    description,
    keywords,
    license,
    type: "commonjs",
    bin: { [name]: COMMAND },
    files: [COMMAND, "templates"],
    engines,
    publishConfig,
  };
  await Bun.write(join(folder, "package.json"), printManifest(published));
  await cp(join(here, "README.md"), join(folder, "README.md"));
  await cp(join(root, "LICENSE"), join(folder, "LICENSE"));
}

if (import.meta.main) {
  const folder = join(here, "dist");
  await pack(folder);
  console.log(`Built ${folder}. Publish it with \`npm publish ${folder}\`.`);
}

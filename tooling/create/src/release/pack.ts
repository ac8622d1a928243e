// Builds the folder that is published: the command as one file, and beside it the parts of the repository that flatten reads.
import { chmod, cp, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { partsOf } from "../flatten/flatten.ts";
import { printManifest } from "../flatten/json.ts";
import { storedPath } from "../flatten/stored-names.ts";
import { openClone } from "../sources/clone.ts";
import { LIST_FILE, REPOSITORY_FOLDER } from "../sources/published.ts";
import { readRepository } from "../sources/repository.ts";
import { runtimeCheck } from "./runtime-check.ts";

const here = resolve(import.meta.dir, "../..");
const root = resolve(here, "../..");
const COMMAND = "create.js";
/** `update` shows the entries between two versions. */
const CHANGELOG = "CHANGELOG.md";
/** Parts of the shared package that no project gets. */
const UNUSED = /^packages\/shared\/(test\/|README\.md|tsconfig\.json)/;

/** Writes the package into `folder`, which is emptied first. */
export async function pack(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Promise.all([packCommand(folder), packTemplates(folder), packDocuments(folder)]);
}

/**
 * Builds for Node, because Bun before 1.3.8 does not run the bundler's CommonJS for Bun: the command would do nothing and
 * exit with 0, instead of naming the version that it needs.
 */
async function packCommand(folder: string): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: [join(here, "src/main-published.ts")],
    target: "node",
    // In CommonJS, a lazily loaded module also loads its imports lazily.
    format: "cjs",
  });
  const [bundle] = outputs;
  if (bundle === undefined) throw new Error("The bundler returned no file.");
  const required = manifest.engines.bun.replace(/^\D+/, "");
  const check = runtimeCheck(manifest.name, required);
  const file = join(folder, COMMAND);
  await Bun.write(file, `#!/usr/bin/env bun\n${check}${await bundle.text()}`);
  await chmod(file, 0o755);
}

/** Flattens each template once, so that a broken one is never published. */
async function packTemplates(folder: string): Promise<void> {
  const clone = openClone(root);
  const templates = await clone.list();
  await Bun.write(join(folder, LIST_FILE), `${JSON.stringify(templates)}\n`);
  await Promise.all(templates.map(({ name }) => clone.files(name)));
  const parts = new Set(templates.flatMap(({ name }) => partsOf(name)));
  for (const [path, content] of await readRepository(root, [...parts])) {
    if (UNUSED.test(path)) continue;
    await Bun.write(join(folder, REPOSITORY_FOLDER, storedPath(path)), content);
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
    files: [COMMAND, LIST_FILE, REPOSITORY_FOLDER, CHANGELOG],
    engines,
    publishConfig,
  };
  await Bun.write(join(folder, "package.json"), printManifest(published));
  await cp(join(here, "README.md"), join(folder, "README.md"));
  for (const file of ["LICENSE", CHANGELOG]) await cp(join(root, file), join(folder, file));
}

if (import.meta.main) {
  const folder = join(here, "dist");
  await pack(folder);
  console.log(`Built ${folder}. Publish it with \`npm publish ${folder}\`.`);
}

// Builds the folder that is published: the command as one file, and the starters, flattened, beside it.
import { chmod, cp, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { openClone } from "./clone.ts";
import { printManifest } from "./json.ts";
import { LIST_FILE } from "./published.ts";
import { storedPath } from "./stored-names.ts";

const here = resolve(import.meta.dir, "..");
const root = resolve(here, "../..");
const dist = join(here, "dist");
const COMMAND = "create.js";

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
await Bun.build({
  entrypoints: [join(here, "src/bin.ts")],
  outdir: dist,
  naming: COMMAND,
  target: "bun",
  // In this format, what is loaded late brings its own imports late, too.
  format: "cjs",
});
await chmod(join(dist, COMMAND), 0o755);

const clone = openClone(root);
const templates = await clone.list();
for (const { name } of templates) {
  for (const [path, content] of await clone.files(name)) {
    await Bun.write(join(dist, "templates", name, storedPath(path)), content);
  }
}
await Bun.write(join(dist, "templates", LIST_FILE), `${JSON.stringify(templates, null, 2)}\n`);

const { name, version, description, keywords, license, type, engines, publishConfig } = manifest;
await Bun.write(
  join(dist, "package.json"),
  printManifest({
    name,
    version,
    description,
    keywords,
    license,
    type,
    bin: { [name]: COMMAND },
    files: [COMMAND, "templates"],
    engines,
    publishConfig,
  }),
);
await cp(join(here, "README.md"), join(dist, "README.md"));
await cp(join(root, "LICENSE"), join(dist, "LICENSE"));
console.log(`Built ${dist}: ${templates.length} starters. Publish it with \`npm publish\`.`);

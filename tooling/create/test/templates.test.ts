// The real templates, with and without their features: each set of files type-checks, needs no formatting, and names nothing that is gone.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { featuresOf } from "../src/flatten/features.ts";
import { type FileMap, text } from "../src/flatten/file-map.ts";
import { flatten, partsOf } from "../src/flatten/flatten.ts";
import { parseManifest } from "../src/flatten/manifest.ts";
import { markIn } from "../src/flatten/regions.ts";
import { readRepository } from "../src/sources/repository.ts";
import { combinationsOf } from "./combinations.ts";
import { ended } from "./sandbox.ts";
import { manifestOf, tracesIn } from "./traces.ts";

setDefaultTimeout(120_000);

const SEED = 15;
const root = resolve(import.meta.dir, "../../..");
const folder = await mkdtemp(join(tmpdir(), "create-flatten-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const names = (await readdir(join(root, "templates"))).filter((name) => !name.startsWith("."));
const created: { title: string; name: string; project: FileMap; files: readonly string[] }[] = [];

for (const name of names) {
  const repository = await readRepository(root, partsOf(name));
  const file = `templates/${name}/package.json`;
  const manifest = parseManifest(text(repository.get(file) ?? new Uint8Array()), file);
  const features = featuresOf(manifest, () => file);
  const complete = flatten(repository, name);

  const projects = combinationsOf(features, SEED).map((without) => {
    const title = `${name} without ${without.join(" and ") || "nothing"}`;
    const project = flatten(repository, name, { without });
    const isNew = ([path, content]: [string, Uint8Array]) =>
      !Bun.deepEquals(complete.get(path), content);
    // Biome checks each file on its own, so those of the complete project are checked once.
    const files = without.length > 0 ? [...project].filter(isNew).map(([path]) => path) : ["."];
    return { name, without, title, project, files };
  });
  created.push(...projects);

  describe.each(projects)("$title", ({ without, project }) => {
    test("uses every module and package that it lists and that the complete project uses", () => {
      const isImported = (files: typeof project, specifier: string) =>
        [...files].some(
          ([path, content]) =>
            /\.[cm]?[jt]sx?$/.test(path) &&
            new RegExp(`(from|import)\\s*\\(?\\s*"${specifier}["/]`).test(text(content)),
        ) || text(files.get("bunfig.toml") ?? new Uint8Array()).includes(`"${specifier}"`);
      const { imports = {}, dependencies, devDependencies } = manifestOf(project);
      const used = Object.keys({ ...dependencies, ...devDependencies }).filter((dependency) =>
        isImported(complete, dependency),
      );
      const unused = [...Object.keys(imports), ...used].filter((key) => !isImported(project, key));
      expect(unused).toEqual([]);
    });

    test("has no mark and no line that names what was left out", () => {
      const marks = [...project].flatMap(([path, content]) =>
        text(content)
          .split("\n")
          .flatMap((line, index) => (markIn(line) === undefined ? [] : [`${path}:${index + 1}`])),
      );
      expect(marks).toEqual([]);
      expect(tracesIn(project, complete, features, without)).toEqual([]);
    });
  });
}

test.concurrent.each(created)(
  "$title type-checks, and Biome has nothing to say",
  async ({ title, name, project, files }) => {
    const cwd = join(folder, title);
    for (const [path, content] of project) await Bun.write(join(cwd, path), content);
    const modules = join(root, "templates", name, "node_modules");
    await symlink(modules, join(cwd, "node_modules"), "junction");
    for (const command of [
      ["run", "typecheck"],
      ["x", "biome", "check", "--error-on-warnings", "--files-ignore-unknown=true", ...files],
    ]) {
      const child = Bun.spawn([process.execPath, ...command], {
        cwd,
        stdout: "pipe",
        stderr: "pipe",
      });
      const { code, stdout, stderr } = await ended(child);
      expect(code, `${stdout}\n${stderr}`).toBe(0);
    }
  },
);

test("without git, the same files are read", async () => {
  const parts = names.flatMap(partsOf);
  const withGit = await readRepository(root, parts);
  const copy = join(folder, "archive");
  for (const path of [".gitignore", ...withGit.keys()])
    await cp(join(root, path), join(copy, path));
  await Bun.write(join(copy, "packages/shared/node_modules/left-pad/index.js"), "");
  await Bun.write(join(copy, "packages/shared/dist/env.js"), "");
  await Bun.write(join(copy, "packages/shared/.env"), "SECRET=1");
  await Bun.write(join(copy, "packages/shared/.env.production.local"), "SECRET=1");
  expect([...(await readRepository(copy, parts))]).toEqual([...withGit]);
});

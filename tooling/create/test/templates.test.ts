// The real templates: each flattens, lists only what it uses, and gives files that need no formatting.
import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "../src/flatten/file-map.ts";
import { flatten, partsOf } from "../src/flatten/flatten.ts";
import { parseManifest, section } from "../src/flatten/manifest.ts";
import { readRepository } from "../src/sources/repository.ts";

const root = resolve(import.meta.dir, "../../..");
const biome = resolve(import.meta.dir, "../node_modules/.bin/biome");
const folder = await mkdtemp(join(tmpdir(), "create-flatten-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const names = (await readdir(join(root, "templates"))).filter((name) => !name.startsWith("."));

describe.each(names)("%s", (name) => {
  test("flattens into a project that uses every module that it lists", async () => {
    const project = flatten(await readRepository(root, partsOf(name)), name);
    const sources = [...project].map(([, content]) => text(content)).join("\n");
    const manifest = parseManifest(text(project.get("package.json") ?? new Uint8Array()), name);
    for (const key of Object.keys(section(manifest, "imports"))) {
      // An import, or a module that bunfig.toml preloads.
      expect(sources).toMatch(new RegExp(`((from|import)\\s*\\(?\\s*|preload = \\[.*)"${key}"`));
    }
  });

  test("has nothing to format", async () => {
    const project = flatten(await readRepository(root, partsOf(name)), name);
    for (const [path, content] of project) await Bun.write(join(folder, name, path), content);
    const check = Bun.spawn([biome, "check", "--error-on-warnings", "."], {
      cwd: join(folder, name),
      stdout: "pipe",
      stderr: "pipe",
    });
    const output = (await Promise.all([check.stdout.text(), check.stderr.text()])).join("\n");
    expect({ code: await check.exited, output }).toMatchObject({ code: 0 });
  }, 60_000);
});

test("without git, the repository is read all the same", async () => {
  const parts = names.flatMap(partsOf);
  const withGit = await readRepository(root, parts);
  const copy = join(folder, "archive");
  for (const path of [".gitignore", ...withGit.keys()])
    await cp(join(root, path), join(copy, path));
  await Bun.write(join(copy, "packages/shared/node_modules/left-pad/index.js"), "");
  await Bun.write(join(copy, "packages/shared/dist/env.js"), "");
  await Bun.write(join(copy, "packages/shared/.env"), "SECRET=1");
  expect([...(await readRepository(copy, parts))]).toEqual([...withGit]);
});

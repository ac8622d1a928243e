// While a package is packed, its README.md and LICENSE replace the project's own.
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceWithPublished, restoreOwn } from "../src/published-files.ts";

const files = {
  "package.json": '{ "name": "@ann/prices" }',
  "NPM.md": "# your-package, your-command\n",
  "README.md": "# Ours\n",
  LICENSE: "MIT License\n\nCopyright (c) the my-prices authors\n",
};

async function project(extra: Record<string, string | undefined> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "published-files-"));
  for (const [name, text] of Object.entries({ ...files, ...extra })) {
    if (text !== undefined) await Bun.write(join(directory, name), text);
  }
  return {
    directory,
    text: (name: string) => Bun.file(join(directory, name)).text(),
    exists: (name: string) => Bun.file(join(directory, name)).exists(),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

test("the published README and LICENSE have the package's name; then the project's own are restored", async () => {
  await using own = await project();
  replaceWithPublished(own.directory);
  expect(await own.text("README.md")).toBe("# @ann/prices, prices\n");
  expect(await own.text("LICENSE")).toContain("(c) the @ann/prices authors\n");
  restoreOwn(own.directory);
  expect(await own.text("README.md")).toBe(files["README.md"]);
  expect(await own.text("LICENSE")).toBe(files.LICENSE);
  expect(await own.exists(".unpublished/.gitignore")).toBe(false);
});

test("after packing was killed, the next run restores the project's own files, and no edited one", async () => {
  await using own = await project();
  replaceWithPublished(own.directory);
  replaceWithPublished(own.directory);
  restoreOwn(own.directory);
  expect(await own.text("README.md")).toBe(files["README.md"]);
  replaceWithPublished(own.directory);
  await Bun.write(join(own.directory, "README.md"), "# Edited\n");
  restoreOwn(own.directory);
  expect(await own.text("README.md")).toBe("# Edited\n");
  expect(await own.text("LICENSE")).toBe(files.LICENSE);
});

test("without NPM.md the project's README is published, and a package may have no LICENSE", async () => {
  await using own = await project({ "NPM.md": undefined, LICENSE: undefined });
  replaceWithPublished(own.directory);
  expect(await own.text("README.md")).toBe(files["README.md"]);
});

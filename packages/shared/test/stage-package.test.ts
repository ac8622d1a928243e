// The published package has a README.md, a LICENSE and a package.json of its own; the project's files stay as they are.
import { expect, test } from "bun:test";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stagePackage } from "../src/stage-package.ts";

const files = {
  "package.json": JSON.stringify({
    name: "@ann/prices",
    version: "1.2.3",
    files: ["dist/library/*.js"],
    scripts: { prepack: "exit 1", postinstall: "echo hello" },
  }),
  "NPM.md": "# your-package, your-command\n",
  "README.md": "# Ours\n",
  LICENSE: "MIT License\n\nCopyright (c) the my-prices authors\n",
  "dist/library/index.js": "export {};\n",
  "dist/library/index.ts": "export {};\n",
};

async function project(extra: Record<string, string | undefined> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "stage-package-"));
  for (const [name, text] of Object.entries({ ...files, ...extra })) {
    if (text !== undefined) await Bun.write(join(directory, name), text);
  }
  return {
    directory,
    text: (name: string) => Bun.file(join(directory, name)).text(),
    published: (name: string) => Bun.file(join(directory, "dist/package", name)).text(),
    list: async () => (await Array.fromAsync(new Bun.Glob("**").scan(directory))).sort(),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

const published = ["LICENSE", "README.md", "dist/library/index.js", "package.json"];

test("the published README and LICENSE have the package's name; the project's own files stay", async () => {
  await using own = await project({ "dist/package/old.js": "from an earlier version" });
  await stagePackage({ optionalDependencies: { other: "1.2.3" } }, own.directory);
  expect(await own.published("README.md")).toBe("# @ann/prices, prices\n");
  expect(await own.published("LICENSE")).toContain("(c) the @ann/prices authors\n");
  expect(JSON.parse(await own.published("package.json"))).toEqual({
    ...JSON.parse(files["package.json"]),
    optionalDependencies: { other: "1.2.3" },
    scripts: { postinstall: "echo hello" },
  });
  for (const [name, text] of Object.entries(files)) expect(await own.text(name)).toBe(text);
  const staged = published.map((name) => `dist/package/${name}`);
  expect(await own.list()).toEqual([...Object.keys(files), ...staged].sort());
});

test.each([
  ["another holder", "Copyright (c) the Acme Widgets authors"],
  ["a company", "Copyright (c) 2027 Acme Ltd., by the authors"],
])("a LICENSE of %s is published as it is", async (_, line) => {
  await using own = await project({ LICENSE: `MIT License\n\n${line}\n` });
  await stagePackage({}, own.directory);
  expect(await own.published("LICENSE")).toContain(`\n${line}\n`);
});

test("without NPM.md, README.md is published as it is", async () => {
  await using own = await project({ "NPM.md": undefined });
  await stagePackage({}, own.directory);
  expect(await own.published("README.md")).toBe(files["README.md"]);
});

test("a LICENSE behind a link is published", async () => {
  await using own = await project({ LICENSE: undefined, "legal/MIT": files.LICENSE });
  await symlink("legal/MIT", join(own.directory, "LICENSE"));
  await stagePackage({}, own.directory);
  expect(await own.published("LICENSE")).toContain("the @ann/prices authors");
  expect(await own.text("legal/MIT")).toBe(files.LICENSE);
});

test("a project that cannot be packed is an error with Bun's message", async () => {
  await using own = await project({ "package.json": '{ "name": "@ann/prices" }' });
  await expect(stagePackage({}, own.directory)).rejects.toThrow(/bun pm pack failed: .*version/s);
});

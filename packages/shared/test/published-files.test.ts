// While a package is packed, its README.md and LICENSE replace the project's own.
import { expect, spyOn, test } from "bun:test";
import { chmod, mkdtemp, readdir, readlink, rm, stat, symlink } from "node:fs/promises";
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

test("after packing was killed, the next run restores the project's own files", async () => {
  await using own = await project();
  replaceWithPublished(own.directory);
  replaceWithPublished(own.directory);
  restoreOwn(own.directory);
  expect(await own.text("README.md")).toBe(files["README.md"]);
});

test.each(["postpack", "the next packing"])(
  "%s keeps the own copy of a file that was edited after it was replaced, and says where it is",
  async (next) => {
    await using own = await project();
    const error = spyOn(console, "error").mockReturnValue(undefined);
    replaceWithPublished(own.directory);
    await Bun.write(join(own.directory, "README.md"), "# Edited\n");
    if (next !== "postpack") replaceWithPublished(own.directory);
    restoreOwn(own.directory);
    const messages = error.mock.calls.flat();
    error.mockRestore();
    expect(messages).toEqual([expect.stringContaining("README.md was edited")]);
    const [, copy = ""] = /own copy is (.+)\.$/.exec(String(messages[0])) ?? [];
    expect(await own.text(copy)).toBe(files["README.md"]);
    expect(await own.text("README.md")).toBe("# Edited\n");
    expect(await own.text("LICENSE")).toBe(files.LICENSE);
    expect(await own.exists(".unpublished/.gitignore")).toBe(false);
  },
);

test("a file that was restored with git is not reported as edited", async () => {
  await using own = await project();
  replaceWithPublished(own.directory);
  await Bun.write(join(own.directory, "README.md"), files["README.md"]);
  const error = spyOn(console, "error").mockReturnValue(undefined);
  restoreOwn(own.directory);
  expect(error).not.toHaveBeenCalled();
  error.mockRestore();
  expect(await own.text("README.md")).toBe(files["README.md"]);
  expect(await own.exists(".unpublished/.gitignore")).toBe(false);
});

test.each([
  ["another holder", "Copyright (c) the Acme Widgets authors"],
  ["a company", "Copyright (c) 2027 Acme Ltd., by the authors"],
])("a LICENSE of %s is published as it is", async (_, line) => {
  await using own = await project({ LICENSE: `MIT License\n\n${line}\n` });
  replaceWithPublished(own.directory);
  expect(await own.text("LICENSE")).toContain(`\n${line}\n`);
});

test("a link is restored as a link", async () => {
  await using own = await project({ LICENSE: undefined, "legal/MIT": files.LICENSE });
  const path = join(own.directory, "LICENSE");
  await symlink("legal/MIT", path);
  replaceWithPublished(own.directory);
  expect(await own.text("LICENSE")).toContain("the @ann/prices authors");
  expect(await own.text("legal/MIT")).toBe(files.LICENSE);
  restoreOwn(own.directory);
  expect(await readlink(path)).toBe("legal/MIT");
});

test("a README.md that was deleted is restored, with its mode", async () => {
  await using own = await project();
  const path = join(own.directory, "README.md");
  await chmod(path, 0o640);
  replaceWithPublished(own.directory);
  await rm(path);
  restoreOwn(own.directory);
  expect(await own.text("README.md")).toBe(files["README.md"]);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

test.skipIf(process.platform === "win32")(
  "wherever packing is killed, the own files are restored",
  async () => {
    await using own = await project();
    const module = JSON.stringify(join(import.meta.dir, "../src/published-files.ts"));
    // Ends the process at the nth change of a file.
    const program = `
const fs = require("node:fs");
let left = Number(process.argv[1]);
for (const name of ["writeFileSync", "renameSync", "mkdirSync", "rmSync", "cpSync"]) {
  const real = fs[name];
  fs[name] = (...args) => {
    if (left-- > 0) return real(...args);
    if (name === "writeFileSync") real(args[0], "a part");
    if (name === "cpSync") fs.appendFileSync(args[1], "a part");
    process.exit(9);
  };
}
const { replaceWithPublished, restoreOwn } = await import(${module});
replaceWithPublished();
restoreOwn();
`;
    const run = (changes: number) =>
      Bun.spawnSync([process.execPath, "-e", program, String(changes)], { cwd: own.directory });
    for (let changes = 0; run(changes).exitCode !== 0; changes++) {
      restoreOwn(own.directory);
      for (const name of ["README.md", "LICENSE"] as const) {
        expect(await own.text(name), `${name} after ${changes} changes`).toBe(files[name]);
      }
      const names = await readdir(own.directory);
      expect(names.filter((name) => name.startsWith(".unpublished"))).toEqual([]);
    }
  },
);

test("without NPM.md the project's README is published, and a package may have no LICENSE", async () => {
  await using own = await project({ "NPM.md": undefined, LICENSE: undefined });
  replaceWithPublished(own.directory);
  expect(await own.text("README.md")).toBe(files["README.md"]);
});

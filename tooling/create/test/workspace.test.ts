// Inside a greater project: one lockfile, one Biome root, and the package manager that is there already.
import { expect, setDefaultTimeout, test } from "bun:test";
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { partsOf } from "../src/flatten/flatten.ts";
import { readRepository } from "../src/sources/repository.ts";
import { ended, Sandbox } from "./sandbox.ts";

setDefaultTimeout(120_000);

const root = (workspaces: unknown) => JSON.stringify({ name: "root", private: true, workspaces });
const biome = (cwd: string) => {
  const command = [resolve(import.meta.dir, "../node_modules/.bin/biome"), "check", "."];
  return ended(Bun.spawn(command, { cwd, stdout: "pipe", stderr: "pipe" }));
};
const create = (box: Sandbox, target: string, ...args: string[]) =>
  box.run([target, "--template", "tiny", "--json", ...args]);

test("a member of a Bun workspace is installed at the root, and is a Biome root if there is no other", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": root(["packages/*"]),
    "packages/a/package.json": '{"name":"a"}',
  });
  const { code, stdout } = await create(box, "packages/app");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).steps[1]).toMatchObject({ step: "install", status: "done" });
  expect(await box.read("bun.lock")).toContain("packages/app");
  expect(await box.list("packages/app")).not.toContain("bun.lock");
  expect(await biome(join(box.cwd, "packages/app"))).toMatchObject({ code: 0 });
});

const npmMember = async () => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": root({ packages: ["./packages/**", "!packages/not"] }),
    "package-lock.json": JSON.stringify({ lockfileVersion: 3, packages: {} }),
  });
  expect(await create(box, "packages/deep/app")).toMatchObject({ code: 0 });
  expect(await box.read("package-lock.json")).toContain("packages/deep/app");
  expect(await box.list()).not.toContain("bun.lock");
  expect(await box.list("packages/deep/app")).not.toContain("package-lock.json");
};

// A machine with Bun alone has no npm.
if (Bun.which("npm") !== null) test("a member of an npm workspace is installed by npm", npmMember);

test("the retry is told for the root and its package manager", async () => {
  await using box = await Sandbox.open();
  await box.write({ "package.json": root(["packages/*"]), "yarn.lock": "" });
  const { stdout } = await create(box, "packages/app", "--dry-run");
  expect(JSON.parse(stdout).next).toEqual(["cd packages/app", "bun run dev"]);
  const told = await box.run(["packages/app", "--template", "tiny", "--dry-run"]);
  expect(told.stdout).toContain(`Would run yarn install in ${box.cwd}`);
});

test("what the globs leave out is a project of its own", async () => {
  await using box = await Sandbox.open();
  await box.write({ "package.json": root(["packages/*", "!packages/not"]) });
  for (const target of ["packages/not", "apps/app", "packages/deep/app"]) {
    expect(await create(box, target)).toMatchObject({ code: 0 });
    expect(JSON.parse(await box.read(`${target}/biome.json`)).root).toBeUndefined();
  }
  expect(await box.list()).not.toContain("bun.lock");
});

test.each(["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"])(
  "below a %s a project is not a second root",
  async (configuration) => {
    await using box = await Sandbox.open();
    await box.write({ [configuration]: "{}" });
    expect(await create(box, "deep/app", "--no-install")).toMatchObject({ code: 0 });
    const config = await box.read("deep/app/biome.json");
    expect(config).toStartWith('{\n  "root": false,\n  "formatter"');
    expect(await biome(join(box.cwd, "deep/app"))).toMatchObject({ code: 0 });
  },
);

test("in a clone of Bunyard: anywhere but among its own folders, and its checks pass", async () => {
  await using box = await Sandbox.open();
  const repository = resolve(import.meta.dir, "../../..");
  const files = ["package.json", "biome.json", ".gitignore"];
  const parts = await readRepository(repository, [...partsOf("tiny").slice(0, 2), ...files]);
  for (const path of parts.keys()) await cp(join(repository, path), join(box.cwd, path));
  for (const folder of ["src", "package.json"]) {
    const path = `tooling/create/${folder}`;
    await cp(join(repository, path), join(box.cwd, path), { recursive: true });
  }
  await box.write({ "templates/tiny/package.json": '{\n  "name": "tiny"\n}\n' });
  await box.git(".", "init", "-q");
  const inClone = async (...args: string[]) => {
    const command = [process.execPath, join(box.cwd, "tooling/create/src/main.ts"), ...args];
    const options = { cwd: box.cwd, env: box.env(), stdout: "pipe", stderr: "pipe" } as const;
    return ended(Bun.spawn(command, options));
  };
  for (const target of ["templates/app", "packages/app", "test/app", "."]) {
    expect(await inClone(target, "--template", "tiny", "--force")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("belongs to Bunyard itself"),
    });
  }
  expect(await inClone("my-app", "--template", "tiny")).toMatchObject({ code: 0, stderr: "" });
  for (const cwd of [box.cwd, join(box.cwd, "my-app")]) {
    expect(await biome(cwd)).toMatchObject({ code: 0 });
  }
});

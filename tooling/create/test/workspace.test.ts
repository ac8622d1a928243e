// Inside a larger project: one lockfile, one Biome root, unique names, and the package manager of the workspace.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, cp, symlink } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { partsOf } from "../src/flatten/flatten.ts";
import { readRepository } from "../src/sources/repository.ts";
import { ended, Sandbox } from "./sandbox.ts";

setDefaultTimeout(300_000);

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

test.skipIf(process.platform === "win32")(
  "runs at the same time install one after the other, and the lockfile has every member",
  async () => {
    await using box = await Sandbox.open();
    const scripts = { preinstall: "mkdir busy || touch overlap; sleep 0.2; rmdir busy" };
    await box.write({ "package.json": JSON.stringify({ ...JSON.parse(root(["*/*"])), scripts }) });
    const members = ["a", "b", "c", "d"].map((name) => `packages/${name}`);
    const runs = await Promise.all(members.map((member) => create(box, member)));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await box.list()).toEqual(["bun.lock", "node_modules", "package.json", "packages"]);
    for (const member of members) expect(await box.read("bun.lock")).toContain(`"${member}": {`);
  },
);

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

// A machine with only Bun has no npm.
if (Bun.which("npm") !== null) test("a member of an npm workspace is installed by npm", npmMember);

const manager = async (name: string, version: string, folder: string) => {
  await Bun.write(join(folder, "package.json"), "{}");
  const add = [process.execPath, "add", "--cwd", folder, `${name}@${version}`];
  const { code, stderr } = await ended(Bun.spawn(add, { stdout: "pipe", stderr: "pipe" }));
  expect(code, stderr).toBe(0);
  return `${join(folder, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
};

/** Each package manager, with the declaration of its workspace and its lockfile. */
const MANAGERS = [
  {
    name: "pnpm 9",
    package: ["pnpm", "9.15.9"],
    files: {
      "package.json": '{ "name": "root", "private": true }',
      "pnpm-workspace.yaml": 'packages:\n  - "apps/*"\n  - "!apps/not"\n',
    },
    lockfile: "pnpm-lock.yaml",
    frozen: ["pnpm", "install", "--frozen-lockfile"],
  },
  {
    name: "pnpm 10, by packageManager",
    package: ["pnpm", "10.12.1"],
    files: {
      "package.json": '{ "name": "root", "private": true, "packageManager": "pnpm@10.12.1" }',
      "pnpm-workspace.yaml": "packages: [apps/**]\n",
      "yarn.lock": "",
    },
    lockfile: "pnpm-lock.yaml",
    frozen: ["pnpm", "install", "--frozen-lockfile"],
  },
  {
    name: "Yarn 1",
    package: ["yarn", "1.22.22"],
    files: { "package.json": root(["apps/*"]), "yarn.lock": "" },
    lockfile: "yarn.lock",
    frozen: ["yarn", "install", "--frozen-lockfile"],
  },
] as const;

// These package managers run on Node, which a machine with only Bun does not have.
describe.each(Bun.which("node") === null ? [] : MANAGERS)("in a workspace of $name", (tool) => {
  test("a member is installed at the root, and the lockfile knows it", async () => {
    await using box = await Sandbox.open();
    const PATH = await manager(tool.package[0], tool.package[1], join(box.cwd, "../manager"));
    await box.write(tool.files);
    const env = { PATH, CI: "true" };
    const created = await box.run(["apps/api", "--template", "tiny", "--json"], { env });
    expect(created, created.stdout).toMatchObject({ code: 0 });
    expect(await box.list()).toContain(tool.lockfile);
    expect(await box.list()).not.toContain("bun.lock");
    for (const lockfile of ["bun.lock", tool.lockfile]) {
      expect(await box.list("apps/api")).not.toContain(lockfile);
    }
    const frozen = Bun.spawn([...tool.frozen], {
      cwd: box.cwd,
      env: box.env(env),
      stdout: "pipe",
      stderr: "pipe",
    });
    const { code, stdout, stderr } = await ended(frozen);
    expect(code, stdout + stderr).toBe(0);
  });
});

test("a missing package manager is named, with the command to run later", async () => {
  await using box = await Sandbox.open();
  await box.write({ "package.json": root(["packages/*"]), "yarn.lock": "" });
  const env = { PATH: join(box.cwd, "../bin"), Path: undefined };
  const { code, stderr } = await box.run(["packages/app", "--template", "tiny"], { env });
  expect(code).toBe(1);
  expect(stderr).toContain(`Install yarn, then run: cd ${box.cwd} && yarn install`);
  expect(await box.list("packages/app")).toContain("package.json");
});

test.skipIf(process.platform === "win32")(
  "Yarn's Plug'n'Play, with which no script of the project runs, is a failed install",
  async () => {
    await using box = await Sandbox.open();
    await box.write({
      "package.json": root(["packages/*"]),
      "yarn.lock": "",
      "../bin/yarn": "#!/bin/sh\n: > .pnp.cjs\n",
    });
    await chmod(join(box.cwd, "../bin/yarn"), 0o755);
    const { code, stdout } = await create(box, "packages/app");
    expect({ code, hint: JSON.parse(stdout).error.hint }).toEqual({
      code: 1,
      hint: `Add nodeLinker: node-modules to .yarnrc.yml, then run: cd ${box.cwd} && yarn install`,
    });
  },
);

test("if the bunfig.toml of a workspace freezes its lockfile, the remedy says so", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": root(["packages/*"]),
    "packages/a/package.json": '{"name":"a"}',
  });
  expect(await create(box, "packages/first")).toMatchObject({ code: 0 });
  await box.write({ "bunfig.toml": "[install]\nfrozenLockfile = true\n" });
  const { code, stdout } = await create(box, "packages/second");
  expect({ code, hint: JSON.parse(stdout).error.hint }).toEqual({
    code: 1,
    hint: `Remove frozenLockfile and production from bunfig.toml, then run: cd ${box.cwd} && bun install`,
  });
});

test("the next steps and the plan name the workspace's package manager", async () => {
  await using box = await Sandbox.open();
  await box.write({ "package.json": root(["packages/*"]), "yarn.lock": "" });
  const { stdout } = await create(box, "packages/app", "--dry-run", "--no-install");
  expect(JSON.parse(stdout).next).toEqual([
    "cd packages/app",
    "yarn install",
    "bun run check",
    "bun run dev",
  ]);
  const text = await box.run(["packages/app", "--template", "tiny", "--dry-run"]);
  expect(text.stdout).toContain(`Would run yarn install in ${box.cwd}`);
});

test.each([
  ["apps/api", "services/api", "services-api"],
  ["apps/deep/api", "services/api", "services-api"],
  [".", "services/api", "services-api"],
])(
  "a name that the member in %s has is refused before anything is written",
  async (holder, target, better) => {
    await using box = await Sandbox.open();
    const member = JSON.stringify({ name: "api", private: true });
    const workspace = JSON.parse(root(["apps/**", "services/*", "!apps/old"]));
    await box.write({
      [`${holder}/package.json`]: member,
      "apps/old/package.json": '{"name":"web"}',
    });
    await box.write({
      "package.json": JSON.stringify({ ...workspace, name: holder === "." ? "api" : "root" }),
    });
    const refused = await create(box, target);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout).error).toMatchObject({
      code: "invalid_name",
      message: expect.stringContaining(`already has a package called "api"`),
      hint: `Use --name ${better}`,
    });
    expect(await box.list()).not.toContain("services");
    expect(await create(box, target, "--name", better, "--dry-run")).toMatchObject({ code: 0 });
    expect(await create(box, "services/web", "--dry-run")).toMatchObject({ code: 0 });
  },
);

test.each(["{apps/*,services/*}", "{apps,{services,libs}}/*", "./{apps/deep,services}/{api,old}/"])(
  "a glob with braces finds the members: %s",
  async (glob) => {
    await using box = await Sandbox.open();
    await box.write({
      "package.json": root([glob]),
      "apps/api/package.json": '{"name":"api"}',
      "apps/deep/old/package.json": '{"name":"api"}',
    });
    expect(await create(box, "services/api")).toMatchObject({ code: 2 });
  },
);

test.each([
  ["a byte order mark", (text: string) => `\uFEFF${text}`],
  ["comments", (text: string) => `// Mine.\n${text}`],
])("manifests with %s are read", async (_, style) => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": style(root(["apps/*", "services/*"])),
    "apps/api/package.json": style('{"name":"api"}'),
  });
  expect(JSON.parse((await create(box, "services/api")).stdout).error.code).toBe("invalid_name");
  const { stdout } = await box.run(["services/web", "--template", "tiny", "--dry-run"]);
  expect(stdout).toContain(`Would run bun install in ${box.cwd}\n`);
});

test("the suggested name is free", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": root(["*", "apps/*"]),
    "other/package.json": '{"name":"api"}',
    "apps/a/package.json": '{"name":"apps-api"}',
  });
  const hintFor = async (target: string) =>
    JSON.parse((await create(box, target)).stdout).error.hint;
  expect(await hintFor("api")).toBe("Use --name api-2");
  expect(await hintFor("apps/api")).toBe("Use --name apps-api-2");
});

test.skipIf(process.platform === "win32")("a member may be a link", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": root(["apps/*"]),
    "elsewhere/package.json": '{"name":"api"}',
    "apps/web/package.json": "{}",
  });
  await symlink("../elsewhere", join(box.cwd, "apps/linked"));
  expect(await create(box, "apps/api")).toMatchObject({ code: 2 });
});

test("in a workspace no .github folder is written, and the report says so", async () => {
  await using box = await Sandbox.open();
  const workflows = { ".github/workflows/ci.yml": "", ".github/dependabot.yml": "" };
  await box.addTemplate("large", { "package.json": "{}", "README.md": "# large\n", ...workflows });
  await box.write({ "package.json": root(["packages/*"]) });
  const large = (target: string, ...args: string[]) =>
    box.run([target, "--template", "large", "--no-install", ...args]);
  const { stdout } = await large("packages/app");
  expect(stdout).toContain("Left out .github/");
  expect(await box.list("packages/app")).not.toContain(".github");
  const json = JSON.parse((await large("packages/two", "--json")).stdout);
  expect(json.steps[0].reason).toStartWith("Left out .github/");
  const readme = await box.read("packages/app/README.md");
  expect(readme).not.toContain(".github");
  expect(readme).toEndWith(
    "change its version in `engines` in `package.json` and your workflows.\n",
  );
  expect(await large("alone")).toMatchObject({ stdout: expect.not.stringContaining(".github") });
  expect(await box.list("alone")).toContain(".github");
});

test("a directory that the globs exclude is a separate project", async () => {
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

test("a clone of Bunyard accepts projects outside its own folders, and its checks still pass", async () => {
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

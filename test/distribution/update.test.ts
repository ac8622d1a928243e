// `check`, `diff`, `update` and `adopt` with three published versions, from a registry, as a user runs them.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, cp, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { readManifest } from "../workspaces.ts";
import { expectSameFiles } from "./files.ts";
import { type Run, run, succeed } from "./program.ts";
import type { User } from "./user.ts";
import { FIRST, SECOND, TEMPLATE, THIRD, Versions } from "./versions.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const versions = await Versions.publish();
afterAll(() => versions[Symbol.asyncDispose]());
/** Most tests share a user, and so the cache of downloaded versions. */
const ann = await versions.user();
let count = 0;

/** A created project in a repository. */
class Project {
  constructor(
    readonly directory: string,
    readonly user: User = ann,
  ) {}

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): Promise<string> {
    return Bun.file(this.path(name)).text();
  }

  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) await Bun.write(this.path(name), content);
  }

  async edit(name: string, from: string | RegExp, to: string): Promise<void> {
    const before = await this.read(name);
    const after = before.replace(from, () => to);
    expect(after, `the edit of ${name}`).not.toBe(before);
    await Bun.write(this.path(name), after);
  }

  git(...args: readonly string[]): Promise<string> {
    return succeed(["git", ...args], { cwd: this.directory, env: this.user.env });
  }

  async commit(): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message=Mine");
  }

  /** Runs a command of a version in the project. */
  run(version: string, ...args: readonly string[]): Promise<Run> {
    return run(versions.command(version, ...args), { cwd: this.directory, env: this.user.env });
  }

  /** Updates without installing. Expects an exit code. */
  async update(version: string, code: number, ...args: readonly string[]): Promise<Report> {
    const options = ["update", "--no-install", "--json", ...args];
    const result = await this.run(version, ...options);
    expect(result, result.stdout).toMatchObject({ code, stderr: "" });
    return JSON.parse(result.stdout);
  }

  async manifest() {
    return JSON.parse(await this.read("package.json"));
  }
}

interface Report {
  readonly ok: boolean;
  readonly changes: readonly {
    readonly path: string;
    readonly kind: string;
    readonly from?: string;
    readonly changedByYou: boolean;
    readonly notes: readonly string[];
  }[];
  readonly conflicts: readonly string[];
  readonly changelog: readonly { readonly version: string; readonly entries: readonly string[] }[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly patch?: string;
}

interface Wanted {
  readonly template?: string;
  readonly without?: string;
  readonly name?: string;
  readonly user?: User;
}

/** Creates a project with a version. All have the same name, so that they can be compared. */
async function create(
  version: string,
  { template = TEMPLATE, without, name = "app", user = ann }: Wanted = {},
): Promise<Project> {
  const directory = join(user.cwd, `${++count}`, "app");
  const features = without === undefined ? [] : ["--without", without];
  const options = ["--template", template, "--name", name, "--no-install", ...features];
  const { code, stderr } = await user.run(versions.command(version, directory, ...options));
  expect(code, stderr).toBe(0);
  return new Project(directory, user);
}

const kinds = ({ changes }: Report): Record<string, string> =>
  Object.fromEntries(changes.map(({ path, kind }) => [path, kind]));

describe("a project without edits", () => {
  const cases: readonly [string, Wanted][] = [
    ["all features", {}],
    ["a feature left out", { without: "page" }],
    ["every feature left out that both versions have", { without: "page,docker" }],
    ["a real starter", { template: "http-sse" }],
    ["another package name", { name: "@ann/service" }],
  ];
  test.each(cases)("%s: is byte for byte a new project after the update", async (_, wanted) => {
    const project = await create(FIRST, wanted);
    const without = wanted.without?.replace(/,docker/, "");
    const fresh = await create(THIRD, without === undefined ? wanted : { ...wanted, without });
    const report = await project.update(THIRD, 0);
    expect(report.conflicts).toEqual([]);
    await expectSameFiles(project.directory, fresh.directory);
  });

  test("two steps are one step", async () => {
    const [two, one] = [await create(FIRST), await create(FIRST)];
    await two.update(SECOND, 0);
    await two.commit();
    await two.update(THIRD, 0);
    await one.update(THIRD, 0);
    await expectSameFiles(two.directory, one.directory);
  });

  test("a second update changes nothing", async () => {
    const project = await create(FIRST);
    await project.update(THIRD, 0);
    await project.commit();
    const { changes } = await project.update(THIRD, 0);
    expect(changes).toEqual([]);
    expect(await project.git("status", "--porcelain")).toBe("");
  });

  test("the way back is an update, too", async () => {
    const [project, fresh] = [await create(THIRD), await create(FIRST)];
    await project.update(THIRD, 0, "--to", FIRST);
    await expectSameFiles(project.directory, fresh.directory);
  });
});

describe("edits of the user", () => {
  test("are kept where the template changed other lines, and follow a renamed file", async () => {
    const project = await create(FIRST);
    await project.edit("src/main.ts", "v20 = 20", "v20 = 'mine'");
    await project.edit("src/before.ts", "v5 = 5", "v5 = 'mine'");
    await project.edit("src/gone.ts", "gone = 1", "gone = 'mine'");
    await project.write({ "src/own.ts": "export const own = 1;\n" });
    await rm(project.path("src/plain.ts"));
    await rm(project.path("logo.png"));
    await project.commit();
    const report = await project.update(THIRD, 0);
    expect(kinds(report)).toMatchObject({
      "src/main.ts": "merged",
      "src/after.ts": "renamed",
      "src/gone.ts": "kept",
      "src/added.ts": "added",
      "logo.png": "deleted",
      Dockerfile: "removed",
    });
    const main = await project.read("src/main.ts");
    for (const part of ["v3 = 33;", "v20 = 'mine'", "v30 = 333;"]) expect(main).toContain(part);
    const after = await project.read("src/after.ts");
    for (const part of ["v5 = 'mine'", "v20 = 200;"]) expect(after).toContain(part);
    expect((await readdir(project.path("src"))).sort()).toEqual(
      ["added.ts", "after.ts", "cache.ts", "gone.ts", "main.ts", "own.ts", "page.ts"].sort(),
    );
    expect(await readdir(project.directory)).not.toContain("logo.png");
  });

  test("of JSON are merged by key, in the user's formatting and order", async () => {
    const project = await create(FIRST);
    const { scripts, dependencies, ...rest } = await project.manifest();
    const mine = {
      ...rest,
      devDependencies: undefined,
      description: "Mine",
      dependencies: { ...dependencies, left: "1.0.0" },
      scripts: { mine: "echo mine", ...scripts, test: "bun test --mine", old: undefined },
    };
    await project.write({
      "package.json": JSON.stringify(mine, null, "\t"),
      "settings.json": '{\n    "mine": [],\n    "kept": 5,\n    "list": ["z", "a", "b"]\n}\n',
    });
    await project.commit();
    const report = await project.update(THIRD, 0);
    const after = await project.read("package.json");
    expect(after).toStartWith('{\n\t"name"');
    // The user's file had no final line break.
    expect(after).toEndWith("}");
    expect(JSON.parse(after)).toEqual({
      ...rest,
      devDependencies: { "is-odd": "3.0.1" },
      description: "Mine",
      dependencies: { ms: "2.1.3", left: "1.0.0" },
      scripts: {
        mine: "echo mine",
        dev: "bun src/main.ts",
        test: "bun test --mine",
        added: "echo added",
      },
      bunyard: { template: TEMPLATE, version: THIRD, without: [] },
    });
    expect(Object.keys(JSON.parse(after).scripts)).toEqual(["mine", "dev", "test", "added"]);
    expect(await project.read("settings.json")).toBe(
      '{\n    "mine": [],\n    "kept": 5,\n    "new": true,\n    "list": ["z", "a", "b", "c"]\n}\n',
    );
    const notes = report.changes.flatMap((change) => change.notes);
    expect(notes).toContain('Your scripts.test stays; the starter has "bun test --bail".');
    expect(notes).toContain("Your kept stays; the starter has 2.");
  });

  test("that contradict are marked and listed first, and the stamp moves", async () => {
    const project = await create(FIRST);
    await project.edit("src/main.ts", "v3 = 3", "v3 = 'mine'");
    await project.write({ "logo.png": new Uint8Array([137, 80, 0, 7]) });
    await project.commit();
    const { code, stdout, stderr } = await project.run(THIRD, "update", "--no-install");
    expect(code).toBe(1);
    expect(stdout).toStartWith("✖ Conflicts, marked in the file (1)\n  src/main.ts\n");
    expect(stdout).toContain(
      `Changed in ${THIRD}\n  – sample: a third thing, which is described on two lines.\n`,
    );
    expect(stdout).toContain(`Fixed in ${SECOND}\n  – Every starter: a second thing.\n`);
    expect(stdout).not.toContain("something else");
    expect(stdout).not.toContain("a first thing");
    expect(stderr).toContain("2 files have a conflict: logo.png, src/main.ts");
    expect(await project.read("src/main.ts")).toContain(
      [
        "<<<<<<< yours",
        "export const v3 = 'mine';",
        `||||||| ${TEMPLATE} ${FIRST}`,
        "export const v3 = 3;",
        "=======",
        "export const v3 = 33;",
        `>>>>>>> ${TEMPLATE} ${THIRD}`,
      ].join("\n"),
    );
    const bytes = async (name: string) => [...(await Bun.file(project.path(name)).bytes())];
    expect(await bytes("logo.png")).toEqual([137, 80, 0, 7]);
    expect(await bytes("logo.png.new")).toEqual([137, 80, 0, 9, 9, 9]);
    expect((await project.manifest()).bunyard.version).toBe(THIRD);
  });

  test("of line endings and of the last line break survive", async () => {
    const project = await create(FIRST);
    const crlf = (text: string) => text.replaceAll("\n", "\r\n");
    for (const name of ["src/main.ts", "src/before.ts", "README.md", "package.json"]) {
      await project.write({ [name]: crlf(await project.read(name)) });
    }
    await project.edit("src/main.ts", "v20 = 20", "v20 = 'mine'");
    await project.write({ "settings.json": (await project.read("settings.json")).trimEnd() });
    await project.write({ ".gitattributes": "* -text\n" });
    await project.commit();
    await project.update(THIRD, 0);
    const fresh = await create(THIRD);
    const expected = async (name: string) => crlf(await fresh.read(name));
    expect(await project.read("src/main.ts")).toBe(
      (await expected("src/main.ts")).replace("v20 = 20", "v20 = 'mine'"),
    );
    expect(await project.read("src/after.ts")).toBe(await expected("src/after.ts"));
    expect(await project.read("README.md")).toBe(await expected("README.md"));
    expect(await project.read("package.json")).toBe(await expected("package.json"));
    expect(await project.read("settings.json")).toBe((await fresh.read("settings.json")).trimEnd());
  });

  test("of the name may be that of a dependency", async () => {
    const project = await create(FIRST);
    await project.edit("package.json", '"name": "app"', '"name": "ms"');
    await project.commit();
    await project.update(THIRD, 0);
    expect(await project.manifest()).toMatchObject({ name: "ms", bunyard: { version: THIRD } });
    expect(await project.read("README.md")).toStartWith("# app\n");
  });

  test("of package.json may be a byte order mark, comments and trailing commas", async () => {
    const project = await create(FIRST);
    await project.edit("package.json", '"scripts": {', '// Mine.\n  "scripts": {');
    await project.edit("package.json", '"old": "echo old"', '"old": "echo old",');
    await project.write({ "package.json": `\uFEFF${await project.read("package.json")}` });
    await project.commit();
    await project.update(THIRD, 0);
    const after = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      await Bun.file(project.path("package.json")).bytes(),
    );
    expect(after).toStartWith("\uFEFF{");
    expect(after).toContain('// Mine.\n  "scripts": {\n    "dev": "bun src/main.ts",');
    expect(after).toContain('"added": "echo added"');
  });

  test("in Latin-1 survive", async () => {
    const project = await create(FIRST);
    const before = await project.read("src/main.ts");
    await project.write({ "src/main.ts": Buffer.from(`// caf\u00e9\n${before}`, "latin1") });
    await project.commit();
    await project.update(THIRD, 0);
    const after = Buffer.from(await Bun.file(project.path("src/main.ts")).bytes());
    expect(after.toString("latin1")).toStartWith("// caf\u00e9\n");
    expect(after.toString("latin1")).toContain("v3 = 33");
  });

  test("the mode of a file stays, and nothing is written through a link", async () => {
    const project = await create(FIRST);
    await chmod(project.path("src/main.ts"), 0o755);
    await rm(project.path("README.md"));
    await project.write({ "MINE.md": "mine\n" });
    await symlink("MINE.md", project.path("README.md"));
    await project.commit();
    await project.update(THIRD, 1);
    expect(((await Bun.file(project.path("src/main.ts")).stat()).mode & 0o777).toString(8)).toBe(
      "755",
    );
    expect(await project.read("MINE.md")).toBe("mine\n");
    expect(await project.read("README.md.new")).toContain("Third.");
  });
});

describe("features", () => {
  test("one is left out later, and then restored", async () => {
    const project = await create(THIRD);
    await project.edit("src/main.ts", "v1 = 1", "v1 = 'mine'");
    await project.commit();
    await project.update(THIRD, 0, "--without", "page");
    expect(await project.read("src/main.ts")).not.toContain("page");
    expect(await readdir(project.path("src"))).not.toContain("page.ts");
    expect((await project.manifest()).bunyard.without).toEqual(["page"]);
    await project.commit();
    await project.update(THIRD, 0, "--with", "page");
    const fresh = await create(THIRD);
    await fresh.edit("src/main.ts", "v1 = 1", "v1 = 'mine'");
    await expectSameFiles(project.directory, fresh.directory);
  });

  test("are checked against the target version", async () => {
    const project = await create(FIRST);
    const unknown = await project.update(THIRD, 2, "--without", "docker");
    expect(unknown.error?.message).toContain('no feature "docker"');
    await project.update(THIRD, 0, "--without", "cache");
    expect(await readdir(project.path("src"))).not.toContain("cache.ts");
  });
});

describe("refuses, and changes nothing", () => {
  const state = async (project: Project) => [
    await project.git("status", "--porcelain"),
    await project.git("rev-parse", "HEAD^{tree}"),
  ];

  test("uncommitted changes of tracked files; an untracked file does not matter", async () => {
    const project = await create(FIRST);
    await project.write({ "notes.txt": "mine\n" });
    await project.edit("src/plain.ts", "v1 = 1", "v1 = 'mine'");
    const before = await state(project);
    const refused = await project.update(THIRD, 1);
    expect(refused.error?.message).toContain("uncommitted changes: src/plain.ts");
    expect(await state(project)).toEqual(before);
    await project.git("checkout", "src/plain.ts");
    await project.update(THIRD, 0);
    expect(await project.read("notes.txt")).toBe("mine\n");
  });

  test("an untracked or ignored file in the way is not overwritten", async () => {
    const project = await create(FIRST);
    await project.write({ ".git/info/exclude": "added.ts\n", "src/added.ts": "mine\n" });
    const report = await project.update(THIRD, 1);
    expect(report.conflicts).toEqual(["src/added.ts"]);
    expect(await project.read("src/added.ts")).toBe("mine\n");
    expect(await project.read("src/added.ts.new")).toBe("export const added = 1;\n");
  });

  test("a file that git does not compare is not overwritten, and a sparse checkout is refused", async () => {
    const project = await create(FIRST);
    await project.git("update-index", "--skip-worktree", "src/main.ts");
    await project.edit("src/main.ts", "v20 = 20", "v20 = 'secret'");
    const report = await project.update(THIRD, 1);
    expect(report.conflicts).toEqual(["src/main.ts"]);
    expect(await project.read("src/main.ts")).not.toContain("v3 = 33");
    expect(await project.read("src/main.ts.new")).toContain("v3 = 33");
    const sparse = await create(FIRST);
    await sparse.git("sparse-checkout", "set", "--no-cone", "/*", "!/src/main.ts");
    const refused = await sparse.update(THIRD, 1);
    expect(refused.error?.message).toContain(
      "sparse checkout leaves out files of the project: src/main.ts",
    );
  });

  test("a new file that git ignores is reported, because a commit would lack it", async () => {
    const project = await create(FIRST);
    await project.write({ "src/.gitignore": "added.ts\n" });
    await project.commit();
    const { code, stdout } = await project.run(THIRD, "update", "--no-install");
    expect(code).toBe(0);
    expect(stdout).toContain(
      '! Git ignores src/added.ts, because of "added.ts" in src/.gitignore:1.',
    );
  });

  test("a package.json that is a link", async () => {
    const project = await create(FIRST);
    await project.git("mv", "package.json", "real.json");
    await symlink("real.json", project.path("package.json"));
    await project.commit();
    const { error } = await project.update(THIRD, 1);
    expect(error?.message).toStartWith("package.json is a link");
    expect(await project.git("status", "--porcelain")).toBe("");
  });

  test("a submodule instead of a folder", async () => {
    const project = await create(FIRST);
    await project.git("rm", "--quiet", "-r", "src");
    await succeed(["git", "init", "--quiet", project.path("src")], {
      cwd: project.directory,
      env: project.user.env,
    });
    await project.write({ "src/main.ts": "lib\n" });
    await new Project(project.path("src")).commit();
    await project.commit();
    const report = await project.update(THIRD, 1);
    expect(kinds(report)).toMatchObject({ "src/main.ts": "blocked", "README.md": "updated" });
    expect(await readdir(project.path("src"))).toEqual([".git", "main.ts"]);
    expect(await project.read("src/main.ts")).toBe("lib\n");
  });

  test.each([
    ["an unknown template", { template: "nope" }, 'the starter "nope"'],
    ["an unknown feature", { without: ["nope"] }, 'no feature "nope"'],
    ["a version that was never published", { version: "99.99.99" }, "99.99.99 could not be"],
    ["a tag", { version: "latest" }, "does not record a starter and its version"],
    ["a path", { template: "../../src" }, 'the starter "../../src"'],
  ])("%s in an edited record", async (_, edited, message) => {
    const project = await create(FIRST);
    const manifest = await project.manifest();
    const bunyard = { ...manifest.bunyard, ...edited };
    await project.write({ "package.json": JSON.stringify({ ...manifest, bunyard }) });
    await project.commit();
    const { code, stdout } = await project.run(THIRD, "update", "--json");
    expect(code).toBeOneOf([1, 2]);
    expect(JSON.parse(stdout).error.message).toContain(message);
    expect(await project.git("status", "--porcelain")).toBe("");
  });

  test("outside of a repository, while check and diff work there", async () => {
    const project = await create(FIRST);
    await rm(project.path(".git"), { recursive: true });
    const refused = await project.update(THIRD, 1);
    expect(refused.error?.message).toContain("not in a git repository");
    expect(await project.run(THIRD, "check")).toMatchObject({ code: 3 });
    expect(await project.run(THIRD, "diff", "--mine")).toMatchObject({ code: 0, stdout: "" });
  });

  test.each([
    ["a range", ["--to", "^1.0.0"], "exact version"],
    ["leading zeros", ["--to", "01.0.0"], "exact version"],
    ["an unknown option", ["--form", "x"], "is not an option"],
    ["an argument", ["src"], "not expected"],
    ["nothing to continue", ["--continue"], "No update"],
    ["two together", ["--continue", "--abort"], "cannot be combined"],
  ])("%s", async (_, args, message) => {
    const project = await create(FIRST);
    const refused = await project.update(THIRD, 2, ...args);
    expect(refused.error?.message).toContain(message);
  });

  test("an older create-bunyard than the project's", async () => {
    const project = await create(THIRD);
    const refused = await project.update(FIRST, 1);
    expect(refused.error?.message).toContain(`the project is from ${THIRD}`);
  });
});

describe("check and diff", () => {
  test("check exits with 3 for an update, and with 0 after it", async () => {
    const project = await create(FIRST);
    await project.edit("src/main.ts", "v20 = 20", "v20 = 'mine'");
    const { code, stdout } = await project.run(THIRD, "check", "--json");
    expect(code).toBe(3);
    const changes: Report["changes"] = JSON.parse(stdout).changes;
    const main = changes.find(({ path }) => path === "src/main.ts");
    expect(main).toMatchObject({ kind: "merged", changedByYou: true });
    expect(changes.find(({ path }) => path === "logo.png")).toMatchObject({ changedByYou: false });
    await project.commit();
    await project.update(THIRD, 0);
    expect(await project.run(THIRD, "check")).toMatchObject({ code: 0 });
    expect(await project.run(FIRST, "check", "--to", SECOND)).toMatchObject({ code: 3 });
  });

  test.each([
    ["at the root of a repository", false],
    ["below it", true],
  ])("diff | git apply is an update, %s", async (_, isBelow) => {
    const [applied, updated] = [await create(FIRST), await create(FIRST)];
    for (const project of [applied, updated]) {
      await project.edit("src/main.ts", "v20 = 20", "v20 = 'mine'");
      await project.write({ "src/own.ts": "export const own = 1;\n" });
      if (isBelow) {
        await rm(project.path(".git"), { recursive: true });
        await succeed(["git", "init", "--quiet"], {
          cwd: join(project.directory, ".."),
          env: ann.env,
        });
      }
      await project.commit();
    }
    const { code, stdout } = await applied.run(THIRD, "diff");
    expect(code).toBe(0);
    await applied.write({ "../patch": stdout });
    await applied.git("apply", join(applied.directory, "../patch"));
    await updated.update(THIRD, 0);
    await expectSameFiles(applied.directory, updated.directory);
  });

  test("diff refuses --mine with --to", async () => {
    const project = await create(FIRST);
    const { code, stderr } = await project.run(THIRD, "diff", "--mine", "--to", SECOND);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("--mine cannot be combined with --to"),
    });
  });

  test("diff --mine is what the user changed", async () => {
    const [project, other] = [await create(FIRST), await create(FIRST)];
    await project.edit("src/main.ts", "v20 = 20", "v20 = 'mine'");
    await project.write({ "src/own.ts": "own\n", "logo.png": new Uint8Array([0, 1]) });
    await rm(project.path("src/gone.ts"));
    const { stdout } = await project.run(THIRD, "diff", "--mine");
    await other.write({ "../patch": stdout });
    await other.git("apply", join(other.directory, "../patch"));
    await expectSameFiles(other.directory, project.directory);
  });
});

test.each([
  ["a shallow clone", (from: string, to: string) => ["clone", "--quiet", "--depth=1", from, to]],
  [
    "a linked worktree",
    (_: string, to: string) => ["worktree", "add", "--quiet", to, "-b", "other"],
  ],
])("%s is updated like any other project", async (_, command) => {
  const [project, fresh] = [await create(FIRST), await create(THIRD)];
  const other = new Project(join(project.directory, "../other"));
  await project.git(...command(Bun.pathToFileURL(project.directory).href, other.directory));
  await other.update(THIRD, 0);
  await rm(other.path(".git"), { recursive: true });
  await rm(fresh.path(".git"), { recursive: true });
  await expectSameFiles(other.directory, fresh.directory);
});

test("hooks do not run, and a path may have any name", async () => {
  const user = await versions.user("it's a #1 ü");
  const project = await create(FIRST, { user });
  const hook = "#!/bin/sh\nexit 1\n";
  const names = ["pre-commit", "post-checkout", "reference-transaction"];
  for (const name of names) await project.write({ [`hooks/${name}`]: hook });
  for (const name of names) await chmod(project.path(`hooks/${name}`), 0o755);
  await project.commit();
  await project.git("config", "core.hooksPath", project.path("hooks"));
  const template = { GIT_TEMPLATE_DIR: project.directory };
  const { code, stderr } = await run(versions.command(THIRD, "update", "--no-install"), {
    cwd: project.directory,
    env: { ...user.env, ...template, GIT_OBJECT_DIRECTORY: "/nonexistent" },
  });
  expect(code, stderr).toBe(0);
});

test("a temporary folder in which projects are created differently is refused", async () => {
  const project = await create(FIRST);
  const folder = join(project.directory, "..", "below-biome");
  await Bun.write(join(folder, "biome.json"), "{}");
  await Bun.write(join(folder, "tmp", "file"), "");
  const { code, stderr } = await run(versions.command(THIRD, "update", "--no-install"), {
    cwd: project.directory,
    env: { ...ann.env, TMPDIR: join(folder, "tmp"), TEMP: join(folder, "tmp") },
  });
  expect(code).toBe(1);
  expect(stderr).toContain("Set TMPDIR to another folder");
  expect(await project.git("status", "--porcelain")).toBe("");
});

describe("--project, from another folder", () => {
  const elsewhere = (project: Project, ...args: readonly string[]) =>
    run(versions.command(THIRD, ...args, "--project", project.directory), {
      cwd: ann.cwd,
      env: ann.env,
    });
  /** A preloaded module cannot be found, for example before the first install. */
  const unstartable = async () => {
    const project = await create(FIRST);
    await project.write({ "bunfig.toml": 'preload = ["./no-such-module.ts"]\n' });
    await project.commit();
    expect(await project.run(THIRD, "check")).toMatchObject({ code: 1, stdout: "" });
    return project;
  };

  test("checks, compares and updates a project in which Bun does not start", async () => {
    const project = await unstartable();
    expect(await elsewhere(project, "check")).toMatchObject({ code: 3 });
    const { stdout } = await elsewhere(project, "diff");
    expect(stdout).toStartWith("diff --git a/.gitignore");
    const { code, stderr } = await elsewhere(project, "update", "--no-install");
    expect(code, stderr).toBe(0);
    expect((await project.manifest()).bunyard.version).toBe(THIRD);
  });

  test("undoes an interrupted update whose bunfig.toml is broken, and a broken one is named", async () => {
    const project = await create(FIRST);
    await project.write({ "bunfig.toml": "[install\n" });
    await project.commit();
    const before = await project.git("rev-parse", "HEAD^{tree}");
    const named = await elsewhere(project, "update", "--no-install");
    expect(named).toMatchObject({ code: 2, stderr: expect.stringContaining("is not valid TOML") });
    await project.write({ ".create-bunyard/.gitignore": "*\n" });
    expect(await elsewhere(project, "update", "--abort")).toMatchObject({ code: 0 });
    expect(await project.git("status", "--porcelain", "--ignored")).toBe("");
    expect(await project.git("rev-parse", "HEAD^{tree}")).toBe(before);
  });

  test("a folder without a project is refused", async () => {
    const { code, stderr } = await run(versions.command(THIRD, "check", "--project", "nope"), {
      cwd: ann.cwd,
      env: ann.env,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(join("nope", "package.json"));
  });
});

test("a dry run prints the plan and changes nothing", async () => {
  const project = await create(FIRST);
  const { code, stdout } = await project.run(THIRD, "update", "--dry-run");
  expect(code).toBe(0);
  expect(stdout).toContain("Would be added");
  expect(await project.git("status", "--porcelain", "--ignored")).toBe("");
});

/** Kills an update once everything is staged. */
async function interrupted(): Promise<Project> {
  const project = await create(FIRST);
  const staging = project.path(".create-bunyard");
  const isSwapping = () => Bun.file(join(staging, "journal.json")).exists();
  while (!(await isSwapping())) {
    await project.git("reset", "--hard", "--quiet");
    await project.git("clean", "-d", "--force", "--quiet");
    await rm(staging, { recursive: true, force: true });
    const update = Bun.spawn(versions.command(THIRD, "update", "--no-install"), {
      cwd: project.directory,
      env: ann.env,
      stdio: ["ignore", "ignore", "ignore"],
    });
    while (update.exitCode === null && !(await isSwapping())) await Bun.sleep(0);
    update.kill("SIGKILL");
    await update.exited;
  }
  return project;
}

test.each([
  ["--continue", THIRD],
  ["--abort", FIRST],
])("after kill -9 during the swap, %s leaves a complete project", async (option, version) => {
  const project = await interrupted();
  const refused = await project.update(THIRD, 1);
  expect(refused.error).toMatchObject({ code: "unfinished" });
  const { code, stderr } = await project.run(THIRD, "update", option, "--no-install");
  expect(code, stderr).toBe(0);
  const fresh = await create(version);
  await expectSameFiles(project.directory, fresh.directory);
});

test("after kill -9 when every file was swapped, --continue reports the update, and --abort refuses", async () => {
  const project = await interrupted();
  const [journal, done] = ["journal", "done"].map((name) => `.create-bunyard/${name}.json`);
  const content = await project.read(journal ?? "");
  await project.update(THIRD, 0, "--continue");
  // As it is between the last swap and the removal of the staging directory.
  await project.write({ [done ?? ""]: content });
  const refused = await project.update(THIRD, 1, "--abort");
  expect(refused.error).toMatchObject({ code: "unfinished" });
  const report = await project.update(THIRD, 0, "--continue");
  expect(report.changes).not.toBeEmpty();
  expect(await readdir(project.directory)).not.toContain(".create-bunyard");
});

test("adopt records a project, which can then be updated", async () => {
  const project = await create(FIRST, { without: "page" });
  const { bunyard, ...rest } = await project.manifest();
  await project.write({ "package.json": `${JSON.stringify(rest, null, 2)}\n` });
  const missing = await project.run(THIRD, "check");
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("adopt --template") });
  const options = ["--template", TEMPLATE, "--version", FIRST, "--without", "page"];
  const adopted = await project.run(THIRD, "adopt", ...options, "--json");
  expect(JSON.parse(adopted.stdout)).toMatchObject({ ok: true, files: { missing: 0 } });
  expect((await project.manifest()).bunyard).toEqual(bunyard);
  expect(await project.run(THIRD, "adopt", ...options)).toMatchObject({ code: 2 });
  await project.commit();
  await project.update(THIRD, 0);
  const fresh = await create(THIRD, { without: "page" });
  expect(await project.read("src/main.ts")).toBe(await fresh.read("src/main.ts"));
});

describe("the registry", () => {
  test("is the one of the project's .npmrc, and the download is kept for the time without a network", async () => {
    const { NPM_CONFIG_REGISTRY: registry = "", ...env } = (await versions.user()).env;
    const project = await create(FIRST);
    await project.write({ ".npmrc": `registry=${registry}\n` });
    const check = (changes: Readonly<Record<string, string>> = {}) =>
      run(versions.command(THIRD, "check"), {
        cwd: project.directory,
        env: { ...env, ...changes },
      });
    expect(await check()).toMatchObject({ code: 3 });
    const cache = join(env.HOME ?? "", ".cache", "create-bunyard");
    const [key = ""] = await readdir(cache);
    expect(await readdir(join(cache, key))).toEqual([FIRST]);
    expect(await check({ HTTP_PROXY: "http://127.0.0.1:9" })).toMatchObject({ code: 3 });
    // A damaged copy is downloaded again.
    await Bun.write(join(cache, key, FIRST, "package", "create.js"), "damaged");
    expect(await check()).toMatchObject({ code: 3 });
  });

  test("is the one of bunfig.toml, whose other settings for installs do not apply", async () => {
    const { NPM_CONFIG_REGISTRY: url = "", ...env } = (await versions.user()).env;
    const project = await create(FIRST);
    await project.write({
      "bunfig.toml": `[install]
registry = { url = ${JSON.stringify(url)}, token = "anybody" }
dryRun = true

[install.security]
scanner = "./no-such-scanner.ts"
`,
    });
    const settings = { cwd: project.directory, env };
    const { code, stderr } = await run(versions.command(SECOND, "check"), settings);
    expect(code, stderr).toBe(3);
  });

  test("that cannot be reached is named, with what is missing", async () => {
    const project = await create(FIRST);
    const env = { ...(await versions.user()).env, NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/" };
    const { code, stderr } = await run(versions.command(THIRD, "check"), {
      cwd: project.directory,
      env,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`create-bunyard ${FIRST} could not be downloaded`);
  });

  test("that delivers something else than it announces is refused", async () => {
    const { origin: upstream } = new URL(versions.registry.url);
    const server: Bun.Server<undefined> = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request): Promise<Response> => {
        const { pathname } = new URL(request.url);
        if (pathname.endsWith(".tgz")) {
          const other = `${upstream}/create-bunyard/-/create-bunyard-${SECOND}.tgz`;
          return new Response(await (await fetch(other)).bytes());
        }
        const document = await (await fetch(upstream + pathname)).text();
        return new Response(document.replaceAll(upstream, server.url.origin));
      },
    });
    try {
      const project = await create(FIRST);
      const env = { ...(await versions.user()).env, NPM_CONFIG_REGISTRY: server.url.href };
      const options = { cwd: project.directory, env };
      const { code, stderr } = await run(versions.command(THIRD, "check"), options);
      expect(code).toBe(1);
      expect(stderr).toMatch(/integrity/i);
    } finally {
      await server.stop(true);
    }
  });
});

test("bunx create-bunyard update installs what the new version needs", async () => {
  const project = await create(FIRST);
  const { code, stdout, stderr } = await run(
    [process.execPath, "x", `create-bunyard@${THIRD}`, "update"],
    { cwd: project.directory, env: ann.env },
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("Installed the dependencies");
  expect(await readdir(project.path("node_modules"))).toContain("is-odd");
});

test("inside a workspace, the root is installed, and its files stay", async () => {
  const project = await create(FIRST);
  const monorepo = join(ann.cwd, `${++count}`);
  const member = join(monorepo, "apps/app");
  await cp(project.directory, member, { recursive: true });
  await rm(join(member, ".git"), { recursive: true });
  await rm(join(member, ".github"), { recursive: true });
  await Bun.write(
    join(monorepo, "package.json"),
    JSON.stringify({ name: "monorepo", private: true, workspaces: ["apps/*"] }),
  );
  const at = { cwd: monorepo, env: ann.env };
  await succeed(["git", "init", "--quiet"], at);
  const inside = new Project(member);
  await inside.commit();
  const { code, stderr } = await inside.run(THIRD, "update");
  expect(code, stderr).toBe(0);
  expect(await readdir(monorepo)).toContain("bun.lock");
  expect(await readdir(member)).not.toContain("bun.lock");
  expect(await readdir(member)).not.toContain(".github");
  expect((await readManifest(member)).bunyard?.version).toBe(THIRD);
});

// The command line: what it prints, what it refuses, and its exit codes.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { engines, version } from "../package.json" with { type: "json" };
import { flags, projectCommands } from "../src/command/definition.ts";
import { BANNER, COMMON_FILES, Sandbox, TINY_FILES } from "./sandbox.ts";

setDefaultTimeout(60_000);

const bunVersion = engines.bun.replace(">=", "");

test("creates a project and prints the next steps", async () => {
  await using box = await Sandbox.open();
  const { code, stdout, stderr } = await box.tiny("my-app");
  expect({ code, stderr }).toEqual({ code: 0, stderr: BANNER });
  expect(stdout).toMatch(/^✔ Created my-app from tiny, 4 files/);
  expect(stdout).toEndWith("\n  cd my-app\n  bun install\n  bun run dev\n\n");
  expect(await box.tree("my-app")).toEqual(TINY_FILES);
  expect(JSON.parse(await box.read("my-app/package.json")).name).toBe("my-app");
  expect(await box.list()).toEqual(["my-app"]);
});

test.each([
  ["./-app", "cd ./-app"],
  ["My App", "cd 'My App'"],
  ["a$HOME b", "cd 'a$HOME b'"],
  ["it's", "cd 'it'\\''s'"],
])("the cd command for %s can be pasted into a shell", async (directory, cd) => {
  await using box = await Sandbox.open();
  const { stdout } = await box.tiny(directory, "--no-git", "--json");
  const { next, directory: created } = JSON.parse(stdout);
  expect(next[0]).toBe(cd);
  const shell = Bun.spawn(["sh", "-c", `${cd} && pwd`], { cwd: box.cwd, stdout: "pipe" });
  expect((await shell.stdout.text()).trim()).toBe(created);
});

test("~ is the home directory, and blanks around a directory are dropped", async () => {
  await using box = await Sandbox.open();
  for (const directory of ["~/first", " ../second "]) {
    expect(await box.tiny(directory, "--no-git")).toMatchObject({ code: 0 });
  }
  expect(await box.list("..")).toEqual(expect.arrayContaining(["first", "second"]));
  expect(await box.list()).toEqual([]);
});

test("the next steps use npx if no permanent bun is on the PATH", async () => {
  await using box = await Sandbox.open();
  const args = ["app", "--template", "tiny", "--no-install", "--no-git"];
  for (const PATH of ["", join(box.cwd, "../_npx/1/node_modules/.bin")]) {
    if (PATH !== "") {
      await mkdir(PATH, { recursive: true });
      await symlink(process.execPath, join(PATH, "bun"));
    }
    const env = { PATH, Path: undefined };
    const { stdout } = await box.run([...args, "--dry-run", "--json"], { env });
    expect(JSON.parse(stdout).next.slice(1)).toEqual([
      `npx bun@${bunVersion} install`,
      `npx bun@${bunVersion} run check`,
      `npx bun@${bunVersion} run dev`,
    ]);
  }
  const { stdout } = await box.run(args, { env: { PATH: "", Path: undefined } });
  expect(stdout).toEndWith(`\n  npx bun@${bunVersion} run dev\n\n`);
});

describe("--without", () => {
  const modular = (box: Sandbox, ...args: string[]) =>
    box.run(["app", "--template", "modular", "--no-install", "--no-git", ...args]);

  test("leaves features out, together with those that require them, and records them", async () => {
    await using box = await Sandbox.open();
    const { code, stdout } = await modular(box, "--without", "uploads");
    expect(code).toBe(0);
    expect(stdout).toStartWith("✔ Created app from modular without uploads, resize, 5 files");
    expect(stdout).toContain("Left out resize, too, because it requires uploads.");
    expect(await box.tree("app")).toEqual([...COMMON_FILES, "src/main.ts", "src/page.ts"]);
    expect(await box.read("app/src/main.ts")).toBe("console.log(1);\n");
    expect(JSON.parse(await box.read("app/package.json")).bunyard.without).toEqual([
      "uploads",
      "resize",
    ]);
  });

  test.each([[["--without", "resize,page"]], [["--without=page", "--without", " resize "]]])(
    "takes a list and may be repeated: %p",
    async (args) => {
      await using box = await Sandbox.open();
      const json = JSON.parse((await modular(box, ...args, "--dry-run", "--json")).stdout);
      expect(json.without).toEqual(["page", "resize"]);
      expect(json.files).toEqual([...COMMON_FILES, "src/main.ts"]);
      const { stdout } = await modular(box, ...args, "--dry-run");
      expect(stdout).toStartWith("Would create app from modular without page, resize in ");
    },
  );

  test("keeps everything by default", async () => {
    await using box = await Sandbox.open();
    const json = JSON.parse((await modular(box, "--json")).stdout);
    expect(json).toMatchObject({ without: [], files: expect.arrayContaining(["src/page.ts"]) });
    expect(await box.read("app/src/main.ts")).toBe('import "node:fs";\nconsole.log(1);\n');
  });
});

test("with --json, prints exactly one object and nothing else", async () => {
  await using box = await Sandbox.open();
  const { stdout, stderr } = await box.tiny("a/b/My App", "--json", "--no-git");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    directory: join(box.cwd, "a/b/My App"),
    name: "my-app",
    template: "tiny",
    version,
    without: [],
    files: TINY_FILES,
    steps: [
      { step: "write", status: "done", ms: expect.any(Number) },
      { step: "install", status: "skipped", ms: 0, reason: "--no-install" },
      { step: "git", status: "skipped", ms: 0, reason: "--no-git" },
    ],
    next: ["cd 'a/b/My App'", "bun install", "bun run check", "bun run dev"],
  });
});

test("with --dry-run, prints the plan and changes nothing", async () => {
  await using box = await Sandbox.open();
  const planned = await box.run(["my-app", "--template", "tiny", "--dry-run", "--json"]);
  const { files, steps } = JSON.parse(planned.stdout);
  expect(files).toEqual(TINY_FILES);
  expect(steps).toEqual(
    ["write", "install", "git"].map((step) => ({ step, status: "planned", ms: 0 })),
  );
  const shown = await box.run(["my-app", "--template", "tiny", "--dry-run"]);
  for (const file of TINY_FILES) expect(shown.stdout).toContain(`create  ${file}`);
  expect(shown.code).toBe(0);
  expect(await box.list()).toEqual([]);
});

test("--list has a line for each starter and its features, with --json a line for each feature", async () => {
  await using box = await Sandbox.open();
  const { stdout } = await box.run(["--list"]);
  expect(stdout).toBe(`tiny     The smallest project
large    A great many files
modular  A project with features
         features: page, uploads, resize
`);
  const json = JSON.parse((await box.run(["--list", "--json"])).stdout);
  expect(json[0]).toEqual({
    name: "tiny",
    description: "The smallest project",
    features: [],
  });
  expect(json[2].features).toContainEqual({
    name: "resize",
    description: "Smaller pictures",
    requires: ["uploads"],
  });
});

test("--version and --help print and exit with 0; help lists every option, without colors", async () => {
  await using box = await Sandbox.open();
  expect(await box.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  const { code, stdout } = await box.run(["--help"]);
  expect(code).toBe(0);
  for (const flag of Object.keys(flags)) expect(stdout).toContain(`--${flag}`);
  expect(stdout).toBe(Bun.stripANSI(stdout));
});

test.each(Object.entries(projectCommands))(
  "%s --help describes the command and every option",
  async (name, { args, meta }) => {
    await using box = await Sandbox.open();
    const { code, stdout } = await box.run([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toStartWith(meta.description);
    for (const [flag, { description }] of Object.entries(args)) {
      expect(stdout).toContain(`--${flag}`);
      expect(stdout).toContain(description);
    }
  },
);

test("a stray -- is dropped", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("--", "my-app")).toMatchObject({ code: 0 });
});

test.each([
  ["no directory", [], "The directory is missing", "--template tiny"],
  ["no template", ["my-app"], "The starter is missing", "tiny, large"],
  ["an unknown template", ["my-app", "--template", "tyni"], '"tyni"', "Did you mean tiny?"],
  ["a template without a similar name", ["my-app", "--template", "x"], '"x"', "tiny, large"],
  [
    "an unknown feature",
    ["a", "--template", "modular", "--without", "page,upload"],
    '"upload"',
    "Did you mean uploads? The features are: page, uploads, resize.",
  ],
  [
    "a feature of a template without features",
    ["a", "--template", "tiny", "--without", "page"],
    "this starter has no optional features",
    "Run the command without page.",
  ],
  ["an empty list of features", ["a", "--without="], "--without needs a value", "<value>"],
  ["an unknown option", ["my-app", "--tempalte", "tiny"], "--tempalte", "--template?"],
  ["a short option", ["my-app", "-t", "tiny"], "-t", "--template?"],
  [
    "an option without its value",
    ["my-app", "--template"],
    "--template needs",
    "--template <value>",
  ],
  ["an option instead of a value", ["a", "--template", "--force"], "--template needs", "<value>"],
  ["a value for a switch", ["a", "--force=yes"], "--force takes no value", ""],
  ["two directories", ["my", "app"], '"app"', "quotes"],
  ["a bad name", ["a", "--template", "tiny", "--name", "A b"], '"A b"', "--name a-b"],
  ["a reserved name", ["favicon.ico", "--template", "tiny"], "reserved", "--name"],
  ["a device name of Windows", ["x/CON", "--template", "tiny"], "Windows", "another directory"],
  ["a colon", ["x:y/app", "--template", "tiny"], 'below a ":"', "another directory"],
  ["a question mark", ["what?", "--template", "tiny"], 'below a "?"', "another directory"],
  ["an asterisk", ["a*/b/app", "--template", "tiny"], 'below a "*"', "another directory"],
  ["the home directory", ["~", "--template", "tiny"], "not empty", "another directory"],
])("%s is refused with code 2 and a hint", async (_, args, message, hint) => {
  await using box = await Sandbox.open();
  const { code, stdout, stderr } = await box.run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toStartWith(BANNER);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  const { error, ok } = JSON.parse((await box.run([...args, "--json"])).stdout);
  expect({ ok, message: error.message }).toEqual({
    ok: false,
    message: expect.stringContaining(message),
  });
  expect(await box.list()).toEqual([]);
});

describe("options that npm keeps for itself without a --", () => {
  test.each([
    // Variables that npm passes on or sets.
    ["--template", ["my-app", "tiny"], { npm_config_template: "true" }],
    ["--template", ["my-app"], { npm_config_template: "tiny" }],
    ["--without", ["my-app", "page"], { npm_config_without: "true" }],
    ["--dry-run", ["my-app"], { npm_config_dry_run: "true" }],
    ["--no-git", ["my-app"], { npm_config_git: "false" }],
    ["--no-install", ["my-app"], { npm_config_install: "" }],
    ["--list", [], { npm_config_list: "true" }],
    ["--project", ["update"], { npm_config_project: "../other" }],
  ])("%s: %p %p is refused", async (flag, args, variables) => {
    await using box = await Sandbox.open();
    const env = { npm_command: "init", ...variables };
    const { code, stderr } = await box.run(args, { env });
    expect(code).toBe(2);
    expect(stderr).toContain(`npm kept ${flag} for itself`);
    expect(stderr).toContain(`npm create bunyard@latest my-app -- ${flag}`);
    expect(await box.list()).toEqual([]);
  });

  test("the value of an unknown one, such as -t, is refused with the same remedy", async () => {
    await using box = await Sandbox.open();
    const env = { npm_command: "init", npm_config_t: "true" };
    const { code, stderr } = await box.run(["my-app", "tiny"], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("npm create bunyard@latest my-app -- --template …");
    expect(await box.list()).toEqual([]);
  });

  test("npm exec keeps them, too: an update that should be a dry run is refused", async () => {
    await using box = await Sandbox.open();
    const env = { npm_command: "exec", npm_config_dry_run: "true" };
    for (const args of [["update"], ["my-app", "tiny"]]) {
      expect(await box.run(args, { env })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("npm exec -- create-bunyard@latest … --dry-run …"),
      });
    }
  });

  test("options after -- are used, even if npm has a setting of the same name", async () => {
    await using box = await Sandbox.open();
    const env = { npm_command: "init", npm_config_force: "true", npm_config_yes: "true" };
    const args = ["my-app", "--template", "tiny", "--force", "--no-install", "--no-git"];
    expect(await box.run(args, { env })).toMatchObject({ code: 0 });
  });

  test("a setting in .npmrc is no option that was given, if another option has arrived", async () => {
    await using box = await Sandbox.open();
    const env = { npm_command: "init", npm_config_force: "true", npm_config_json: "true" };
    const { code, stdout } = await box.run(["my-app", "--template", "tiny", "--dry-run"], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("Would create") });
    const swallowed = { ...env, npm_config_dry_run: "true" };
    const refused = await box.run(["my-app", "--template", "tiny"], { env: swallowed });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--dry-run") });
  });

  test("npx passes options on, so nothing is refused", async () => {
    await using box = await Sandbox.open();
    const env = { npm_command: "exec", npm_config_json: "true", npm_config_yes: "true" };
    const args = ["my-app", "--template", "tiny", "--no-install", "--no-git"];
    expect(await box.run(args, { env })).toMatchObject({ code: 0 });
  });
});

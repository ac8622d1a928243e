// Git: a first commit in a new project, none inside another repository, and hints that can be run.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { Sandbox, TINY_FILES } from "./sandbox.ts";

setDefaultTimeout(60_000);

test("one commit on main contains every file, and the tree is clean", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("app")).toMatchObject({ code: 0 });
  expect(await box.git("app", "log", "--format=%an %s", "main")).toBe("Ann Initial commit");
  expect(await box.git("app", "status", "--short")).toBe("");
  expect((await box.git("app", "ls-files")).split("\n").sort()).toEqual(TINY_FILES);
  expect(await box.git("app", "fsck", "--strict")).toBe("");
});

test("inside a repository, no second one and no commit is created", async () => {
  await using box = await Sandbox.open();
  await box.git(".", "init", "-q");
  const { code, stdout } = await box.tiny("packages/app");
  expect(code).toBe(0);
  expect(stdout).toContain(`No first commit: already inside a git repository: ${box.cwd}`);
  expect(await box.list("packages/app")).not.toContain(".git");
  expect(await box.git(".", "status", "--short")).toBe("?? packages/");
});

test("in a workspace without a repository, none is created: the workspace's own would not contain its files", async () => {
  await using box = await Sandbox.open();
  await box.write({ "package.json": '{ "name": "root", "workspaces": ["packages/*"] }' });
  const { code, stdout } = await box.tiny("packages/app");
  expect(code).toBe(0);
  expect(stdout).toContain(`No first commit: the workspace is not in a git repository: ${box.cwd}`);
  expect(await box.list("packages/app")).not.toContain(".git");
});

test("in a folder of a repository, the report says that GitHub does not read .github there", async () => {
  await using box = await Sandbox.open();
  await box.addTemplate("large", { "package.json": "{}", ".github/dependabot.yml": "" });
  await box.git(".", "init", "-q");
  const { stdout } = await box.run(["services/api", "--template", "large", "--no-install"]);
  expect(stdout).toContain(
    `only at the root of a repository: move it to ${box.cwd}, and adapt it.`,
  );
  await box.git(".", "init", "-q", "own");
  const own = await box.run(["own", "--template", "large", "--no-install"]);
  expect(own.stdout).not.toContain(".github");
});

test("without an identity, git is skipped and the report says so", async () => {
  await using box = await Sandbox.open();
  const { code, stdout } = await box.run(["app", "--template", "tiny", "--no-install"], {
    // Else git may make an address up from the machine's name.
    env: {
      GIT_CONFIG_GLOBAL: "",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "user.useConfigOnly",
      GIT_CONFIG_VALUE_0: "true",
      EMAIL: undefined,
    },
  });
  expect(code).toBe(0);
  expect(stdout).toContain("No first commit: git has no user.name and user.email");
  expect(await box.list("app")).not.toContain(".git");
});

test.each(["AUTHOR", "COMMITTER"])(
  "with the identity of the %s alone, git is skipped",
  async (role) => {
    await using box = await Sandbox.open();
    await box.write({ "../gitconfig": "[user]\nuseConfigOnly = true\n" });
    const { code, stdout } = await box.run(["app", "--template", "tiny", "--no-install"], {
      env: {
        [`GIT_${role}_NAME`]: "Ann",
        [`GIT_${role}_EMAIL`]: "ann@example.com",
        EMAIL: undefined,
      },
    });
    expect(stdout).toContain("No first commit: git has no user.name and user.email");
    expect(code).toBe(0);
  },
);

test.each(["[user\n", "[core]\nbare = maybe\n"])(
  "a configuration that git cannot read is not reported as a missing identity: %j",
  async (config) => {
    await using box = await Sandbox.open();
    await box.write({ "../gitconfig": config });
    const { code, stdout } = await box.run(["app", "--template", "tiny", "--no-install"]);
    expect(code).toBe(0);
    expect(stdout).toContain("No first commit: git cannot read its configuration: bad ");
  },
);

test("an identity for the directory's repositories only is used", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "../gitconfig": `[user]\nuseConfigOnly = true\n[includeIf "gitdir:${box.cwd}/"]\npath = for-work\n`,
    "../for-work": "[user]\nname = Bob\nemail = bob@example.com\n",
  });
  const env = { GIT_CONFIG_GLOBAL: join(box.cwd, "../gitconfig"), EMAIL: undefined };
  const { code } = await box.run(["app", "--template", "tiny", "--no-install"], { env });
  expect(code).toBe(0);
  expect(await box.git("app", "log", "--format=%an")).toContain("Bob");
});

test("without git, the step is skipped and the report says so", async () => {
  await using box = await Sandbox.open();
  const { code, stdout } = await box.run(["app", "--template", "tiny", "--no-install"], {
    env: { PATH: join(box.cwd, "nothing"), Path: undefined },
  });
  expect(code).toBe(0);
  expect(stdout).toContain("No first commit: git is not installed");
  expect(await box.list("app")).not.toContain(".git");
});

test("files that a replaced .gitignore hid are not committed", async () => {
  await using box = await Sandbox.open();
  await box.write({ "app/.gitignore": "secret.key\n", "app/secret.key": "secret" });
  const { code, stdout } = await box.tiny("app", "--force");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining("No first commit: your .gitignore was replaced"),
  });
  expect(await box.list("app")).not.toContain(".git");
});

test("--no-git creates no repository", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("app", "--no-git")).toMatchObject({ code: 0 });
  expect(await box.list("app")).not.toContain(".git");
});

test("a repository that the environment names is not used", async () => {
  await using box = await Sandbox.open();
  await mkdir(join(box.cwd, "other"));
  await box.git("other", "init", "-q");
  const env = { GIT_DIR: join(box.cwd, "other/.git"), GIT_WORK_TREE: join(box.cwd, "other") };
  const run = await box.run(["app", "--template", "tiny", "--no-install"], { env });
  expect(run).toMatchObject({ code: 0 });
  expect(await box.git("app", "log", "--format=%s")).toBe("Initial commit");
});

test.skipIf(process.platform === "win32")(
  "a failed commit is a failure, and the files are kept",
  async () => {
    await using box = await Sandbox.open();
    const hook = join(box.cwd, "../hooks/pre-commit");
    await Bun.write(hook, "#!/bin/sh\necho not today\nexit 1\n");
    await chmod(hook, 0o755);
    const { code, stdout } = await box.run(
      ["app", "--template", "tiny", "--no-install", "--json"],
      {
        env: {
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: "core.hooksPath",
          GIT_CONFIG_VALUE_0: dirname(hook),
        },
      },
    );
    const { ok, steps, error } = JSON.parse(stdout);
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(error.code).toBe("git_failed");
    expect(error.message).toContain("not today");
    expect(error.hint).toStartWith(`Try again: cd ${join(box.cwd, "app")} && git -c init`);
    expect(steps[2]).toMatchObject({ step: "git", status: "failed" });
    expect(await box.tree("app")).toEqual(TINY_FILES);
  },
);

test("git before 2.28, which has no --initial-branch, makes the first commit", async () => {
  await using box = await Sandbox.open();
  const git = Bun.which("git") ?? "";
  const old = join(box.cwd, "../old/git");
  await Bun.write(
    old,
    `#!/bin/sh\ncase "$*" in *--initial-branch*|*"init -b"*) exit 129;; esac\nexec ${git} "$@"\n`,
  );
  await chmod(old, 0o755);
  const env = { PATH: `${dirname(old)}${delimiter}${process.env.PATH}` };
  const args = ["app", "--template", "tiny", "--no-install", "--json"];
  const { steps } = JSON.parse((await box.run(args, { env })).stdout);
  expect(steps[2]).toMatchObject({ step: "git", status: "done" });
  expect(await box.git("app", "log", "--format=%s", "main")).toBe("Initial commit");
});

test("the hint of a failed commit can be run from where the user is", async () => {
  await using box = await Sandbox.open();
  const env = {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "commit.gpgsign",
    GIT_CONFIG_VALUE_0: "true",
    GIT_CONFIG_KEY_1: "gpg.program",
    GIT_CONFIG_VALUE_1: "false",
  };
  const args = ["My App", "--template", "tiny", "--no-install", "--json"];
  const { error } = JSON.parse((await box.run(args, { env })).stdout);
  const command = error.hint.replace("Try again: ", "");
  const shell = Bun.spawn(["sh", "-c", command], { cwd: box.cwd, env: box.env() });
  expect(await shell.exited).toBe(0);
  expect(await box.git("My App", "log", "--format=%s", "main")).toBe("Initial commit");
  expect(await box.list()).toEqual(["My App"]);
});

test("files that an ignore rule outside the project hides are reported", async () => {
  await using box = await Sandbox.open();
  const rules = join(box.cwd, "../ignore");
  await Bun.write(rules, "# Python\nmain.ts\n");
  const env = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "core.excludesFile",
    GIT_CONFIG_VALUE_0: rules,
  };
  const args = ["--template", "tiny", "--no-install"];
  const alone = await box.run(["alone", ...args], { env });
  expect(alone.code).toBe(0);
  expect(alone.stdout).toContain(`! Git ignores src/main.ts, because of "main.ts" in ${rules}:2.`);
  await box.git(".", "init", "-q");
  await box.write({ ".gitignore": "src/\n!src/keep\n" });
  const json = JSON.parse((await box.run(["inside", ...args, "--json"])).stdout);
  expect(json).toMatchObject({ ok: true, files: TINY_FILES });
  expect(json.steps[2].reason).toContain(
    'Git ignores src/main.ts, because of "src/" in .gitignore:1',
  );
});

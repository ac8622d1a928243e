// Manners with git: a first commit where one belongs, and nothing where it does not.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Sandbox, TINY_FILES } from "./sandbox.ts";

setDefaultTimeout(60_000);

test("one commit on main holds everything, and the tree is clean", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("app")).toMatchObject({ code: 0 });
  expect(await box.git("app", "log", "--format=%an %s", "main")).toBe("Ann Initial commit");
  expect(await box.git("app", "status", "--short")).toBe("");
  expect((await box.git("app", "ls-files")).split("\n").sort()).toEqual(TINY_FILES);
  expect(await box.git("app", "fsck", "--strict")).toBe("");
});

test("inside a repository there is no second one and no commit", async () => {
  await using box = await Sandbox.open();
  await box.git(".", "init", "-q");
  const { code, stdout } = await box.tiny("packages/app");
  expect(code).toBe(0);
  expect(stdout).toContain(`No first commit: already inside a git repository: ${box.cwd}`);
  expect(await box.list("packages/app")).not.toContain(".git");
  expect(await box.git(".", "status", "--short")).toBe("?? packages/");
});

test("without an identity git is skipped, and that is said", async () => {
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

test("without git it is skipped, and that is said", async () => {
  await using box = await Sandbox.open();
  const { code, stdout } = await box.run(["app", "--template", "tiny", "--no-install"], {
    env: { PATH: join(box.cwd, "nothing"), Path: undefined },
  });
  expect(code).toBe(0);
  expect(stdout).toContain("No first commit: git is not installed");
  expect(await box.list("app")).not.toContain(".git");
});

test("--no-git leaves git alone", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("app", "--no-git")).toMatchObject({ code: 0 });
  expect(await box.list("app")).not.toContain(".git");
});

test("a repository that the environment names is left alone", async () => {
  await using box = await Sandbox.open();
  await mkdir(join(box.cwd, "other"));
  await box.git("other", "init", "-q");
  const env = { GIT_DIR: join(box.cwd, "other/.git"), GIT_WORK_TREE: join(box.cwd, "other") };
  const run = await box.run(["app", "--template", "tiny", "--no-install"], { env });
  expect(run).toMatchObject({ code: 0 });
  expect(await box.git("app", "log", "--format=%s")).toBe("Initial commit");
});

test.skipIf(process.platform === "win32")(
  "a commit that fails is a failure, and the files stay",
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
    expect(steps[2]).toMatchObject({ step: "git", status: "failed" });
    expect(await box.tree("app")).toEqual(TINY_FILES);
  },
);

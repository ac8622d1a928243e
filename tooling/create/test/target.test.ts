// The target directory: what is filled, what is refused, and that a refusal or a failure leaves no file.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { STAGING_DIRECTORY } from "../src/command/staging.ts";
import { BANNER, ended, Sandbox, TINY_FILES } from "./sandbox.ts";

setDefaultTimeout(60_000);

test("missing parent directories are created, and the target may be anywhere", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("../elsewhere/a/b")).toMatchObject({ code: 0 });
  expect(await box.tree("../elsewhere/a/b")).toEqual(TINY_FILES);
});

test("an empty directory is filled in place, the current one too", async () => {
  await using box = await Sandbox.open();
  const { code, stdout } = await box.tiny(".");
  expect(code).toBe(0);
  expect(stdout).not.toContain("cd ");
  expect(await box.list()).toEqual([".git", ".gitignore", "biome.json", "package.json", "src"]);
  expect(JSON.parse(await box.read("package.json")).name).toBe("work");
});

test("a directory with only a .git is filled, without a commit", async () => {
  await using box = await Sandbox.open();
  await mkdir(join(box.cwd, "app"));
  await box.git("app", "init", "-q");
  const { code, stdout } = await box.tiny("app");
  expect(code).toBe(0);
  expect(stdout).toContain("No first commit: already inside a git repository");
  expect(await box.git("app", "status", "--short")).toContain("?? package.json");
});

test("a directory that is not empty is refused with the conflicting files", async () => {
  await using box = await Sandbox.open();
  await box.write({ "app/package.json": "mine", "app/src/other.ts": "mine" });
  const { code, stderr } = await box.tiny("app");
  expect(code).toBe(2);
  expect(stderr).toContain("These files would be overwritten: package.json\n");
  expect(stderr).toContain("--force");
  expect(await box.tree("app")).toEqual(["package.json", "src/other.ts"]);
  expect(await box.read("app/package.json")).toBe("mine");
});

test("a directory with other files is refused, too", async () => {
  await using box = await Sandbox.open();
  await box.write({ "app/notes.txt": "mine" });
  expect(await box.tiny("app")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("It contains notes.txt"),
  });
  expect(await box.tree("app")).toEqual(["notes.txt"]);
});

test("of a directory with many files, the first ones are named", async () => {
  await using box = await Sandbox.open();
  const names = Array.from({ length: 30 }, (_, index) => `app/note-${index + 10}`);
  await box.write(Object.fromEntries(names.map((name) => [name, ""])));
  const { stderr } = await box.tiny("app");
  expect(stderr).toContain("It contains note-10, note-11");
  expect(stderr).toContain("note-19 and 20 more\n");
});

test("--force overwrites the conflicting files, names them and deletes nothing", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "app/package.json": "mine",
    "app/src/main.ts": "mine",
    "app/src/a.ts": "mine",
  });
  const { code, stdout } = await box.tiny("app", "--force", "--no-git");
  expect(code).toBe(0);
  expect(stdout).toContain("  replaced package.json\n  replaced src/main.ts\n");
  expect(await box.tree("app")).toEqual([...TINY_FILES, "src/a.ts"].sort());
  expect(await box.read("app/src/main.ts")).toContain("tiny");
  expect(await box.read("app/src/a.ts")).toBe("mine");
  const { steps } = JSON.parse((await box.tiny("app", "--force", "--json")).stdout);
  expect(steps[0].reason).toBe(`replaced: ${TINY_FILES.join(", ")}`);
});

test("--force does not replace a directory with a file, or a file with a directory", async () => {
  await using box = await Sandbox.open();
  await box.write({ "app/package.json/mine": "mine", "app/src": "mine" });
  expect(await box.tiny("app", "--force")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("in the way in"),
  });
  expect(await box.tree("app")).toEqual(["package.json/mine", "src"]);
});

test("a file is refused, as the target and as a parent", async () => {
  await using box = await Sandbox.open();
  await box.write({ file: "mine" });
  for (const target of ["file", "file/app", "file/a/b"]) {
    expect(await box.tiny(target, "--force")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("file is not a directory"),
    });
  }
  expect(await box.tree()).toEqual(["file"]);
});

const posix = test.skipIf(process.platform === "win32"); // Links need a privilege on Windows.

posix("a link to an empty directory is followed, one to nothing is refused", async () => {
  await using box = await Sandbox.open();
  await mkdir(join(box.cwd, "real"));
  await symlink("real", join(box.cwd, "link"));
  await symlink("nothing", join(box.cwd, "dangling"));
  expect(await box.tiny("link")).toMatchObject({ code: 0 });
  expect(await box.tree("real")).toEqual(TINY_FILES);
  expect(await box.tiny("dangling", "--force")).toMatchObject({ code: 2 });
  expect(await box.list()).toEqual(["dangling", "link", "real"]);
});

posix(
  "a link further up is followed, so that the repository and the workspace are found",
  async () => {
    await using box = await Sandbox.open();
    await box.write({ "repo/package.json": '{"name":"root","workspaces":["apps/*"]}' });
    await mkdir(join(box.cwd, "repo/apps"));
    await box.git("repo", "init", "-q");
    await symlink("repo/apps", join(box.cwd, "link"));
    const { code, stdout } = await box.tiny("link/app");
    expect(code).toBe(0);
    expect(stdout).toContain(`No first commit: already inside a git repository: ${box.cwd}/repo`);
    expect(stdout).toContain("Left out .github/");
    expect(await box.list("repo/apps/app")).not.toContain(".git");
  },
);

posix("a path that the system refuses is reported as such", async () => {
  await using box = await Sandbox.open();
  await symlink("loop", join(box.cwd, "loop"));
  const cases = [
    ["loop/app", "ELOOP"],
    ["a".repeat(300), "ENAMETOOLONG"],
  ] as const;
  for (const [target, code] of cases) {
    const { stdout } = await box.tiny(target, "--name", "app", "--json");
    expect(JSON.parse(stdout).error).toMatchObject({
      code: "not_writable",
      message: expect.stringContaining(`cannot be used (${code})`),
    });
  }
  expect(await box.tiny("b".repeat(250), "--name", "app")).toMatchObject({ code: 0 });
  expect(await box.list()).toEqual(["b".repeat(250), "loop"]);
});

posix("--force replaces a link itself, and never writes through one", async () => {
  await using box = await Sandbox.open();
  await box.write({ "outside/main.ts": "mine", "outside.json": "mine" });
  await mkdir(join(box.cwd, "one"));
  await symlink("../outside.json", join(box.cwd, "one/package.json"));
  expect(await box.tiny("one", "--force")).toMatchObject({ code: 0 });
  expect(await box.read("outside.json")).toBe("mine");
  await mkdir(join(box.cwd, "two"));
  await symlink("../outside", join(box.cwd, "two/src"));
  expect(await box.tiny("two", "--force")).toMatchObject({ code: 2 });
  expect(await box.read("outside/main.ts")).toBe("mine");
});

posix("a directory that can't be written to is refused", async () => {
  await using box = await Sandbox.open();
  // Permissions don't stop root; the kernel's own file system does.
  const isRoot = process.getuid?.() === 0;
  const locked = isRoot ? "/sys" : join(box.cwd, "locked");
  if (!isRoot) await mkdir(locked, { mode: 0o555 });
  for (const target of [join(locked, "app"), join(locked, "a/b")]) {
    expect(await box.tiny(target)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${locked} is not writable`),
    });
  }
  expect(await readdir(locked)).not.toContain("app");
  if (!isRoot) await chmod(locked, 0o755);
});

test("of concurrent runs into one new directory, one succeeds and no files are mixed", async () => {
  await using box = await Sandbox.open();
  const names = ["a", "b", "c", "d"];
  const runs = await Promise.all(names.map((name) => box.tiny("app", "--no-git", "--name", name)));
  const winners = names.filter((_, index) => runs[index]?.code === 0);
  expect(winners).toHaveLength(1);
  for (const { code, stderr } of runs) {
    if (code !== 0) expect(stderr).toMatch(/during the run|not empty/);
  }
  expect(JSON.parse(await box.read("app/package.json")).name).toBe(winners[0]);
  expect(await box.tree("app")).toEqual(TINY_FILES);
  expect(await box.list()).toEqual(["app"]);
});

test("concurrent runs below a missing directory all succeed", async () => {
  await using box = await Sandbox.open();
  const targets = ["new/a", "new/b", "new/deep/c", "new/deep/d"];
  const runs = await Promise.all(targets.map((target) => box.tiny(target, "--no-git")));
  expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    targets.map(() => ({ code: 0, stderr: BANNER })),
  );
  for (const target of targets) expect(await box.tree(target)).toEqual(TINY_FILES);
  expect(await box.list()).toEqual(["new"]);
  expect(await box.list("new")).toEqual(["a", "b", "deep"]);
});

test("of concurrent runs into one empty directory, one succeeds and no files are mixed", async () => {
  await using box = await Sandbox.open();
  await mkdir(join(box.cwd, "app"));
  const names = ["a", "b", "c", "d"];
  const runs = await Promise.all(names.map((name) => box.tiny("app", "--no-git", "--name", name)));
  const winners = names.filter((_, index) => runs[index]?.code === 0);
  expect(winners).toHaveLength(1);
  for (const { code, stderr } of runs) {
    if (code !== 0) expect(stderr).toMatch(/during the run|not empty|Another run/);
  }
  expect(JSON.parse(await box.read("app/package.json")).name).toBe(winners[0]);
  expect(await box.tree("app")).toEqual(TINY_FILES);
});

test("a directory that another run is writing to is refused, with the remedy if that run was killed", async () => {
  await using box = await Sandbox.open();
  const staging = join(box.cwd, "app", STAGING_DIRECTORY);
  await mkdir(staging, { recursive: true });
  expect(await box.tiny("app", "--force")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`delete ${staging}`),
  });
  await mkdir(join(staging, "old"));
  expect(await box.tiny("app", "--force")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`restore the files that it replaced from ${staging}/old, then`),
  });
});

test("a file with the name of the staging directory is in the way", async () => {
  await using box = await Sandbox.open();
  await box.write({ [`app/${STAGING_DIRECTORY}`]: "mine" });
  for (const force of [[], ["--force"]]) {
    expect(await box.tiny("app", ...force)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`are in the way in ${box.cwd}/app: ${STAGING_DIRECTORY}\n`),
    });
  }
  expect(await box.list("app")).toEqual([STAGING_DIRECTORY]);
});

test.skipIf(process.platform === "win32")(
  "a current directory that is not UTF-8 is refused: its path would be that of another one",
  async () => {
    await using box = await Sandbox.open();
    const program = box.command("app", "--template", "tiny", "--no-install");
    const script = 'name=$(printf "caf\\351") && mkdir "$name" && cd "$name" && exec "$@"';
    const child = Bun.spawn(["sh", "-c", script, "sh", ...program], {
      cwd: box.cwd,
      env: box.env(),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await ended(child)).toMatchObject({ code: 2 });
    expect(await box.list()).toHaveLength(1);
  },
);

test.skipIf(process.platform === "win32")(
  "a current directory that was deleted is refused",
  async () => {
    await using box = await Sandbox.open();
    await mkdir(join(box.cwd, "gone"));
    const program = box.command("app", "--template", "tiny", "--no-install");
    const child = Bun.spawn(["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", ...program], {
      cwd: join(box.cwd, "gone"),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await ended(child)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("The current directory does not exist any more."),
    });
  },
);

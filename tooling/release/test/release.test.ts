// Releases in a real repository: as a dry run, for real, and refused.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../src/command.ts";
import { tarballProblems } from "../src/tarball.ts";

setDefaultTimeout(300_000);

/** More than an argument of a program may have on Linux. */
const LONG = "long ".repeat(30_000).trim();
const root = resolve(import.meta.dir, "../../..");
const { version }: { version: string } = await Bun.file(join(root, "package.json")).json();
const [major, minor] = version.split(".").map(Number);
const NEXT = `${major}.${Number(minor) + 1}.0`;
let folder: string;
let clone: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-release-test-")));
  clone = join(folder, "clone");
  const listed = await run(
    root,
    "git",
    "-c",
    "safe.directory=*",
    "ls-files",
    "-z",
    "-co",
    "--exclude-standard",
  );
  for (const file of new Set(listed.split("\0"))) {
    const source = join(root, file);
    if (file !== "" && (await Bun.file(source).exists())) await cp(source, join(clone, file));
  }
  await git("init", "--quiet", "--initial-branch=main");
  await git("config", "user.name", "Ann");
  await git("config", "user.email", "ann@example.com");
  await Bun.write(
    join(clone, "CHANGELOG.md"),
    `# Changelog\n\n## [Unreleased]\n\n### Added\n\n- ${LONG}\n\n## [${version}] - 2020-02-02\n\n- First.\n`,
  );
  await commit("before");
  await run(clone, process.execPath, "install", "--frozen-lockfile", "--no-summary");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const git = (...args: string[]) => run(clone, "git", ...args);

async function commit(message: string): Promise<void> {
  await git("add", "--all");
  await git("commit", "--quiet", "--message", message);
}

async function release(...args: string[]) {
  const child = Bun.spawn([process.execPath, "run", "--silent", "release", ...args], {
    cwd: clone,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

/** Everything that a release may change. */
const state = () =>
  Promise.all([
    git("rev-parse", "HEAD"),
    git("status", "--porcelain"),
    git("tag"),
    git("worktree", "list"),
  ]);

const json = (path: string) => Bun.file(join(clone, path)).json();

describe("bun run release", () => {
  test("with --dry-run does everything, reports it, and changes nothing", async () => {
    const before = await state();
    const { code, stdout, stderr } = await release("minor", "--dry-run");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("CHANGELOG.md");
    expect(stdout).toContain(`Version ${NEXT} can be released`);
    expect(await state()).toEqual(before);
  });

  test("a temporary folder may be relative", async () => {
    const env = { ...process.env, TMPDIR: "..", TEMP: "..", TMP: ".." };
    const command = [process.execPath, "tooling/release/src/main.ts", "minor", "--dry-run"];
    const child = Bun.spawn(command, { cwd: clone, env, stdout: "ignore", stderr: "pipe" });
    expect(await child.stderr.text()).toBe("");
    expect(await child.exited).toBe(0);
  });

  test.each([
    ["no version", [], 2, "Usage"],
    ["a lower version", ["0.0.9"], 2, "not higher"],
    ["something that is not a version", ["next"], 2, "next is not"],
    ["an unknown option", ["minor", "--nosuch"], 2, "--nosuch"],
  ])("refuses %s", async (_, args, code, message) => {
    const before = await state();
    const refused = await release(...args);
    expect(refused).toMatchObject({ code, stdout: "" });
    expect(refused.stderr).toContain(message);
    expect(await state()).toEqual(before);
  });

  test("refuses uncommitted changes, and keeps them", async () => {
    const file = Bun.file(join(clone, "README.md"));
    const text = await file.text();
    await file.write(`${text}mine\n`);
    const { code, stderr } = await release("minor");
    expect(code).toBe(1);
    expect(stderr).toContain("uncommitted changes");
    expect(await file.text()).toBe(`${text}mine\n`);
    await file.write(text);
  });

  test("a tag that git refuses leaves nothing merged", async () => {
    const before = await state();
    const hook = join(clone, ".git/hooks/reference-transaction");
    await Bun.write(hook, "#!/bin/sh\n! grep --quiet refs/tags/\n");
    await chmod(hook, 0o755);
    const { code, stderr } = await release("minor");
    await rm(hook);
    expect(code).toBe(1);
    expect(stderr).toContain("git tag");
    expect(await state()).toEqual(before);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s during the last check changes nothing",
    async (signal) => {
      const before = await state();
      const child = Bun.spawn([process.execPath, "tooling/release/src/main.ts", "minor"], {
        cwd: clone,
        env: { ...process.env, TMPDIR: folder },
        stdout: "ignore",
        stderr: "pipe",
      });
      const isPacked = async () =>
        (await Array.fromAsync(new Bun.Glob("bunyard-release-*/package.tgz").scan(folder))).length >
        0;
      while (!(await isPacked())) await Bun.sleep(5);
      child.kill(signal);
      expect(await child.stderr.text()).toBe("Interrupted: nothing was changed.\n");
      expect(await child.exited).toBe(130);
      expect(await state()).toEqual(before);
    },
  );

  test("commits and tags a version: every workspace, the changelog and the lockfile", async () => {
    const { code, stdout, stderr } = await release("minor");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`git push origin HEAD v${NEXT}`);
    const manifests = (await git("ls-files", "package.json", "*/package.json")).split("\n");
    const workspaces = manifests.filter((path) => /^([^/]+\/){0,2}package\.json$/.test(path));
    expect(workspaces.length).toBeGreaterThan(8);
    for (const path of workspaces) expect([path, (await json(path)).version]).toEqual([path, NEXT]);
    const changelog = await Bun.file(join(clone, "CHANGELOG.md")).text();
    expect(changelog.replaceAll(/\d{4}-\d\d-\d\d/g, "DATE")).toStartWith(
      `# Changelog\n\n## [Unreleased]\n\n## [${NEXT}] - DATE\n\n### Added\n\n- ${LONG}\n`,
    );
    expect(await git("tag", "--list", "--format=%(contents:subject)")).toBe(`v${NEXT}`);
    const notes = await git("tag", "--list", "--format=%(contents:body)");
    expect(notes).toBe(`### Added\n\n- ${LONG}`);
    expect(await git("log", "-1", "--format=%s", `v${NEXT}^{commit}`)).toBe(
      `chore: release v${NEXT}`,
    );
    expect(await git("status", "--porcelain")).toBe("");
    await run(clone, process.execPath, "install", "--frozen-lockfile", "--no-summary");
    const changed = (await git("diff", "--name-only", "HEAD~1")).split("\n");
    const options = ["--files-ignore-unknown=true", ...changed];
    await run(clone, process.execPath, "x", "biome", "check", ...options);
  });

  test("refuses a release without an entry in the changelog", async () => {
    const before = await state();
    const { code, stderr } = await release("minor");
    expect(code).toBe(1);
    expect(stderr).toContain("no entry under [Unreleased]");
    expect(await state()).toEqual(before);
  });

  describe("after a change of a starter", () => {
    beforeAll(async () => {
      const changelog = Bun.file(join(clone, "CHANGELOG.md"));
      await changelog.write(
        (await changelog.text()).replace("[Unreleased]\n", "[Unreleased]\n\n- a changed line\n"),
      );
      const agents = Bun.file(join(clone, "templates/http-sse/AGENTS.md"));
      await agents.write((await agents.text()).replace("\n", "\n\nA changed line.\n"));
      await commit("a change of a starter");
    });
    afterAll(() => git("reset", "--hard", "--quiet", "HEAD~1"));

    test("the notes have what changed", async () => {
      const { code, stdout, stderr } = await release("minor", "--dry-run");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("<summary>http-sse: 2 changed files</summary>");
      expect(stdout).toContain("+A changed line.");
    });

    test("a version to which projects cannot be updated is refused", async () => {
      const source = Bun.file(join(clone, "tooling/create/src/update/update.ts"));
      const text = await source.text();
      await source.write(
        `${text}\nif (process.argv.includes("--no-install")) throw new Error("broken");\n`,
      );
      await commit("a broken update");
      const before = await state();
      const { code, stderr } = await release("minor");
      expect(code).toBe(1);
      expect(stderr).toContain(`Projects of ${NEXT} cannot be updated:\n  build-plugin: `);
      expect(await state()).toEqual(before);
      await git("reset", "--hard", "--quiet", "HEAD~1");
    });
  });

  test("a starter that cannot be packed fails the release, and changes nothing", async () => {
    const path = join(clone, "templates/http-sse/biome.json");
    await Bun.write(path, "{}\n");
    const changelog = Bun.file(join(clone, "CHANGELOG.md"));
    await changelog.write(
      (await changelog.text()).replace("[Unreleased]\n", "[Unreleased]\n\n- new\n"),
    );
    await commit("a template that breaks a rule");
    const before = await state();
    const { code, stderr } = await release("patch");
    expect(code).toBe(1);
    expect(stderr).toContain("templates/http-sse/biome.json");
    expect(await state()).toEqual(before);
  });
});

test("a tarball is refused for the version of its stamp, a problem that publint finds, or missing starters", async () => {
  const manifest = { name: "create-bunyard", version: "0.2.0", main: "missing.js", type: "module" };
  const tarball = await new Bun.Archive(
    {
      "package/package.json": JSON.stringify(manifest),
      "package/repository/tooling/create/package.json": JSON.stringify({ version: "0.1.0" }),
    },
    { compress: "gzip" },
  ).bytes();
  const problems = await tarballProblems(tarball, "0.2.0");
  expect(problems).toContain(
    "package/repository/tooling/create/package.json has version 0.1.0, not 0.2.0",
  );
  expect(problems).toContain("the tarball contains no starters");
  expect(problems.join("\n")).toContain("missing.js");
});

// `bun run release` in a small package: what it changes, and what it refuses without a change.
import { afterAll, describe, expect, test } from "bun:test";
import { appendFile, chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nextVersion, releaseChangelog } from "../src/release.ts";

const place = await realpath(await mkdtemp(join(tmpdir(), "shared-release-")));
afterAll(() => rm(place, { recursive: true, force: true }));

const CHANGELOG =
  "# Changelog\n\n## [Unreleased]\n\n- CSV.\n\n## [0.1.0] - 2020-02-02\n\n- First.\n";
const scripts = { check: "true", test: "true", release: "bun release.ts" };
const manifest = (changes: object = {}) =>
  `${JSON.stringify({ name: "p", version: "0.1.0", scripts, ...changes }, null, 2)}\n`;
const PROGRAM = `import { releasePackage } from ${JSON.stringify(join(import.meta.dir, "../src/release.ts"))};
process.exitCode = await releasePackage(process.argv[2], ["check", "test"]);
`;
let count = 0;

class Package {
  readonly folder = join(place, `${++count}`);

  static async create(files: Readonly<Record<string, string | undefined>> = {}): Promise<Package> {
    const own = new Package();
    const all = { "package.json": manifest(), "CHANGELOG.md": CHANGELOG, "release.ts": PROGRAM };
    await own.write({ ...all, ...files });
    await own.git("init", "--quiet", "--template=");
    // Not with `git config`, which would be two more processes per package.
    await appendFile(
      join(own.folder, ".git/config"),
      "[user]\nname = Ann\nemail = ann@example.com\n",
    );
    await own.commit();
    return own;
  }

  async write(files: Readonly<Record<string, string | undefined>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      if (text !== undefined) await Bun.write(join(this.folder, path), text);
    }
  }

  read(path: string): Promise<string> {
    return Bun.file(join(this.folder, path)).text();
  }

  async git(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = this.#run("git", ...args);
    expect(exitCode, stderr).toBe(0);
    return stdout.trim();
  }

  async commit(): Promise<void> {
    await this.git("add", ".");
    await this.git("commit", "--quiet", "--message", "mine");
  }

  release(...args: readonly string[]) {
    return this.#run(process.execPath, "run", "release", ...args);
  }

  #run(...command: readonly string[]) {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: this.folder });
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }
}

test("moves the changelog, sets the version, commits and tags", async () => {
  const own = await Package.create();
  const { exitCode, stdout, stderr } = own.release("minor");
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("git push origin HEAD v0.2.0");
  const today = new Date().toISOString().slice(0, 10);
  expect(await own.read("CHANGELOG.md")).toBe(
    CHANGELOG.replace("- CSV.", `## [0.2.0] - ${today}\n\n- CSV.`),
  );
  expect(await own.read("package.json")).toBe(manifest({ version: "0.2.0" }));
  expect(await own.git("describe", "--exact-match")).toBe("v0.2.0");
  expect(await own.git("log", "-1", "--format=%s")).toBe("chore: release v0.2.0");
  expect(await own.git("status", "--porcelain")).toBe("");
});

test.each([
  ["tabs", "\t"],
  ["four spaces", "    "],
  ["a single line", ""],
])("keeps the formatting of a package.json with %s", async (_what, indent) => {
  const textOf = (version: string) =>
    JSON.stringify({ name: "p", version, scripts, nested: { version: "9.9.9" } }, null, indent);
  const own = await Package.create({ "package.json": textOf("0.1.0") });
  expect(own.release("minor")).toMatchObject({ exitCode: 0 });
  expect(await own.read("package.json")).toBe(textOf("0.2.0"));
});

test("a release that was killed between commit and tag is only tagged", async () => {
  const own = await Package.create();
  expect(own.release("minor")).toMatchObject({ exitCode: 0 });
  const commit = await own.git("rev-parse", "HEAD");
  await own.git("tag", "--delete", "v0.2.0");
  const { exitCode, stderr } = own.release("0.2.0");
  expect(exitCode, stderr).toBe(0);
  expect(await own.git("rev-parse", "v0.2.0^{commit}")).toBe(commit);
  expect(await own.git("rev-parse", "HEAD")).toBe(commit);
});

test("the version of a new project can be the first release", async () => {
  const own = await Package.create({
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n- CSV.\n",
  });
  expect(own.release("0.1.0")).toMatchObject({ exitCode: 0 });
  expect(await own.git("describe", "--exact-match")).toBe("v0.1.0");
});

describe("refuses, and changes nothing:", () => {
  const failing = (name: string) => manifest({ scripts: { ...scripts, [name]: "false" } });
  type Refusal = [
    files: Record<string, string | undefined>,
    version: string,
    exitCode: number,
    message: string,
  ];
  const refusals: Record<string, Refusal> = {
    "no version": [{}, "", 2, "Usage: bun run release"],
    "an invalid version": [{}, "1.0", 2, "1.0 is not patch, minor, major or a version"],
    "an empty identifier": [
      {},
      "1.0.0-a..b",
      2,
      "1.0.0-a..b is not patch, minor, major or a version",
    ],
    "a number with a leading zero": [
      {},
      "1.0.0-rc.01",
      2,
      "1.0.0-rc.01 is not patch, minor, major or a version",
    ],
    "a package without a changelog": [
      { "CHANGELOG.md": undefined },
      "major",
      1,
      "no section [Unreleased]",
    ],
    "a lower version": [{}, "0.0.9", 2, "0.0.9 is not higher than the current version 0.1.0"],
    "a private package": [
      { "package.json": manifest({ private: true }) },
      "major",
      1,
      "is private",
    ],
    "a changelog without entries": [
      { "CHANGELOG.md": CHANGELOG.replace("- CSV.\n", "") },
      "major",
      1,
      "no entry under [Unreleased]",
    ],
    "a changelog without the section": [
      { "CHANGELOG.md": "# Changelog\n" },
      "major",
      1,
      "no section [Unreleased]",
    ],
    "a package.json in which another version comes first": [
      {
        "package.json": JSON.stringify(
          { x: { version: "9.9.9" }, ...JSON.parse(manifest()) },
          null,
          2,
        ),
      },
      "minor",
      1,
      'Another "version" comes before',
    ],
    "a check that fails": [
      { "package.json": failing("check") },
      "major",
      1,
      "`bun run check` failed",
    ],
    "a test that fails": [{ "package.json": failing("test") }, "major", 1, "`bun run test` failed"],
  };
  test.each(Object.entries(refusals))("%s", async (_, [files, version, code, message]) => {
    const own = await Package.create(files);
    const { exitCode, stderr } = own.release(version);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
    expect(await own.git("status", "--porcelain")).toBe("");
    expect(await own.git("tag")).toBe("");
  });

  test.each(["commit", "tag"])("a `git %s` that fails", async (command) => {
    const own = await Package.create();
    const hook = join(own.folder, ".git/hooks/reference-transaction");
    // git runs this hook for each update of a branch or tag.
    const ref = command === "commit" ? "refs/heads/" : "refs/tags/";
    await Bun.write(hook, `#!/bin/sh\n[ "$1" != prepared ] || ! grep ${ref}\n`);
    await chmod(hook, 0o755);
    const { exitCode, stderr } = own.release("minor");
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`\`git ${command}\` failed, so nothing was released`),
    });
    await rm(hook);
    expect(await own.git("status", "--porcelain")).toBe("");
    expect(await own.git("log", "-1", "--format=%s")).toBe("mine");
    expect(await own.read("CHANGELOG.md")).toBe(CHANGELOG);
  });

  const slowCheck = { "package.json": manifest({ scripts: { ...scripts, check: "sh slow.sh" } }) };

  test.each([
    ["a check", slowCheck, "touch .git/started\nexec sleep 100\n"],
    ["a check that ignores it", slowCheck, "trap '' INT\ntouch .git/started\nsleep 1\n"],
    ["a hook", { "hook.sh": "sh slow.sh\n" }, "touch .git/started\nexec sleep 100\n"],
  ])("Ctrl-C during %s", async (_, files, slow) => {
    const own = await Package.create({ "slow.sh": slow, ...files });
    if ("hook.sh" in files) {
      await Bun.write(join(own.folder, ".git/hooks/pre-commit"), "#!/bin/sh\nsh hook.sh\n");
      await chmod(join(own.folder, ".git/hooks/pre-commit"), 0o755);
    }
    const child = Bun.spawn([process.execPath, "run", "release", "minor"], {
      cwd: own.folder,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true, // in a process group of its own
    });
    while (!(await Bun.file(join(own.folder, ".git/started")).exists())) await Bun.sleep(10);
    process.kill(-child.pid, "SIGINT"); // as a terminal does
    expect(await child.stderr.text()).toContain("nothing was released");
    expect(await child.exited).toBe(1);
    expect(await own.git("status", "--porcelain")).toBe("");
    expect(await own.git("log", "-1", "--format=%s")).toBe("mine");
  });

  test("files that are edited during a check", async () => {
    const edit = "echo >> CHANGELOG.md";
    const own = await Package.create({
      "package.json": manifest({ scripts: { ...scripts, test: edit } }),
    });
    const { exitCode, stderr } = own.release("minor");
    expect(stderr).toContain("uncommitted changes");
    expect(exitCode).toBe(1);
    expect(await own.read("CHANGELOG.md")).toBe(`${CHANGELOG}\n`);
  });

  test("uncommitted changes, and an existing tag", async () => {
    const own = await Package.create();
    await own.write({ "new.ts": "" });
    expect(own.release("minor")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("new.ts"),
    });
    await own.commit();
    await own.git("tag", "v0.2.0");
    const again = own.release("minor");
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("v0.2.0 already") });
  });

  test("a folder outside a repository", async () => {
    const own = await Package.create();
    await rm(join(own.folder, ".git"), { recursive: true });
    const { exitCode, stderr } = own.release("minor");
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("git cannot read the state"),
    });
  });
});

test.each([
  ["0.1.0", "patch", "0.1.1"],
  ["0.1.9", "minor", "0.2.0"],
  ["0.1.9", "major", "1.0.0"],
  ["0.1.0", "1.0.0-rc.1", "1.0.0-rc.1"],
  ["0.1.0", "1.0.0-RC.1", "1.0.0-RC.1"],
  ["1.0.0-Beta-2", "1.0.0-RC.1", "1.0.0-RC.1"],
  ["1.0.0-rc.1", "1.0.0", "1.0.0"],
  ["1.0.0-beta.1", "patch", "1.0.0"],
  ["1.0.0-beta.1", "minor", "1.0.0"],
  ["1.0.0-beta.1", "major", "1.0.0"],
  ["1.2.0-beta.1", "major", "2.0.0"],
  ["1.2.3-beta.1", "patch", "1.2.3"],
  ["1.2.3-beta.1", "minor", "1.3.0"],
  ["1.2.3+build-7", "patch", "1.2.4"],
])("after %s, %s is %s", (current, request, next) => {
  expect(nextVersion(current, request)).toBe(next);
});

test("the sections of earlier versions are kept", () => {
  const earlier = "## [0.1.0] - 2026-01-01\n\n- old\n";
  const text = releaseChangelog(
    `# C\n\n## [Unreleased]\n\n- new\n\n${earlier}`,
    "0.2.0",
    "2026-02-02",
  );
  expect(text).toBe(`# C\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-02\n\n- new\n\n${earlier}`);
});

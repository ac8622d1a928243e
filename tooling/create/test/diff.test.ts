// `diff --mine`: the patch turns the template into the user's project, for every kind of file that git knows.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../package.json" with { type: "json" };
import { openScratch } from "../src/scratch.ts";
import { PrivateRegistry, VERSION } from "./private-registry.ts";
import { ended, Sandbox } from "./sandbox.ts";

setDefaultTimeout(60_000);

/** A project from the tiny template in the folder `app`, committed. */
async function openProject() {
  const box = await Sandbox.open();
  await box.tiny("app");
  return box;
}

/** Applies the user's changes to a new project in the folder `copy`. */
async function copyChanges(box: Sandbox): Promise<string> {
  const cwd = join(box.cwd, "app");
  const { stdout } = await box.run(["diff", "--mine"], { cwd });
  await box.write({ "mine.patch": stdout });
  await box.tiny("copy", "--name", "app");
  await box.git("copy", "apply", "--index", "../mine.patch");
  return stdout;
}

const modes = (box: Sandbox, project: string) =>
  box.git(project, "ls-files", "--stage", "--", "src", "L");

test.skipIf(process.platform === "win32")("carries modes and links", async () => {
  await using box = await openProject();
  const app = join(box.cwd, "app");
  await chmod(join(app, "src/main.ts"), 0o755);
  await box.write({ "app/src/tool.sh": "#!/bin/sh\n" });
  await chmod(join(app, "src/tool.sh"), 0o755);
  await symlink("src/main.ts", join(app, "L"));
  const patch = await copyChanges(box);
  expect(patch).toContain("a/src/main.ts b/src/main.ts\nold mode 100644\nnew mode 100755\n");
  expect((await stat(join(box.cwd, "copy/src/main.ts"))).mode & 0o100).not.toBe(0);
  await box.git("app", "add", "--all");
  expect(await modes(box, "copy")).toBe(await modes(box, "app"));
});

test.skipIf(process.platform === "win32")(
  "a file that became a link is not a deletion",
  async () => {
    await using box = await openProject();
    await rm(join(box.cwd, "app/src/main.ts"));
    await symlink("../package.json", join(box.cwd, "app/src/main.ts"));
    await copyChanges(box);
    await box.git("app", "add", "--all");
    expect(await modes(box, "copy")).toBe(await modes(box, "app"));
  },
);

test.each(["sha1", "sha256"])("binary files apply in a repository with %s", async (format) => {
  await using box = await Sandbox.open();
  for (const project of ["app", "copy"]) {
    await box.tiny(project, "--name", "app", "--no-git");
    await box.git(project, "init", "--quiet", `--object-format=${format}`);
  }
  await box.write({ "app/logo.png": "\0\u0001" });
  const cwd = join(box.cwd, "app");
  const other = format === "sha1" ? "sha256" : "sha1";
  const { stdout } = await box.run(["diff", "--mine"], { cwd, env: { GIT_DEFAULT_HASH: other } });
  await box.write({ "mine.patch": stdout });
  await box.git("copy", "apply", "../mine.patch");
  expect(await box.read("copy/logo.png")).toBe("\0\u0001");
});

test("a temporary folder that is missing is named, with the remedy", async () => {
  await using box = await openProject();
  const TMPDIR = join(box.cwd, "missing");
  const env = { TMPDIR, TEMP: TMPDIR, TMP: TMPDIR };
  const run = await box.run(["diff", "--mine"], { cwd: join(box.cwd, "app"), env });
  expect(run).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`The temporary folder ${TMPDIR} is missing`),
  });
});

test.skipIf(process.platform === "win32")("a relative temporary folder is made absolute", () => {
  const { TMPDIR } = process.env;
  try {
    process.env.TMPDIR = ".";
    using scratch = openScratch();
    expect(scratch.folder).toStartWith(process.cwd());
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

test("where git ignores the modes on the disk, the modes are those of git", async () => {
  await using box = await openProject();
  await box.git("app", "config", "core.fileMode", "false");
  await chmod(join(box.cwd, "app/package.json"), 0o755);
  await box.git("app", "update-index", "--chmod=+x", "src/main.ts");
  const { stdout } = await box.run(["diff", "--mine"], { cwd: join(box.cwd, "app") });
  expect(stdout).toContain("new mode 100755");
  expect(stdout).not.toContain("package.json");
});

test.skipIf(process.platform === "win32")("a name that is not UTF-8 is refused", async () => {
  await using box = await openProject();
  const cwd = join(box.cwd, "app");
  await box.write({ "app/a": "" });
  await ended(
    Bun.spawn(["sh", "-c", 'mv a "$(printf "caf\\351")"'], { cwd, stdout: "pipe", stderr: "pipe" }),
  );
  expect(await box.run(["diff", "--mine"], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("The name of caf\uFFFD is not UTF-8"),
  });
});

test.skipIf(process.platform === "win32")("a path may have any character", async () => {
  await using box = await openProject();
  const odd = 'src/q"u\\o\nt\u0001e\té';
  await box.write({ [`app/${odd}`]: "odd\n" });
  await copyChanges(box);
  expect(await box.read(`copy/${odd}`)).toBe("odd\n");
});

/** Version 0.1.0 has neither features nor a file with the list of its starters. */
const OLD_COMMAND = `
  if (process.argv.includes("--list")) console.log('[{ "name": "modular", "title": "Modular" }]');
  else require("node:fs").cpSync(process.env.OLD_PROJECT, process.argv[2], { recursive: true });
`;

test("adopt, diff, check and update work with a version that had no features", async () => {
  await using registry = await PrivateRegistry.open({ command: OLD_COMMAND });
  await using box = await Sandbox.open();
  await box.write({
    "old/package.json": '{ "name": "app" }',
    "app/package.json": '{ "name": "app" }',
  });
  const env = {
    NPM_CONFIG_REGISTRY: registry.origin,
    XDG_CACHE_HOME: join(box.cwd, "cache"),
    OLD_PROJECT: join(box.cwd, "old"),
  };
  const run = (...args: string[]) => box.run(args, { cwd: join(box.cwd, "app"), env });
  const record = ["--template", "modular", "--version", VERSION];
  expect(await run("adopt", ...record)).toMatchObject({ code: 0 });
  expect(await run("diff", "--mine")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`"version": "${VERSION}"`),
  });
  expect(await run("check", "--to", version)).toMatchObject({
    code: 3,
    stdout: expect.stringContaining(`create-bunyard@latest update --to ${version}\n`),
  });
  await box.git("app", "init", "--quiet");
  await box.git("app", "add", "--all");
  await box.git("app", "commit", "--quiet", "--message", "Record the starter");
  expect(await run("update", "--to", version, "--without", "uploads", "--dry-run")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`modular ${VERSION} → ${version} without uploads, resize: `),
  });
});

// The commands for a created project: what they say when they cannot go on, and where they print colors.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../package.json" with { type: "json" };
import { Sandbox } from "./sandbox.ts";

setDefaultTimeout(120_000);

const RUN = "bunx create-bunyard@latest";

/** A committed project in `app`. */
async function open(...args: readonly string[]): Promise<Sandbox> {
  const box = await Sandbox.open();
  const created = await box.run(["app", "--template", "modular", "--no-install", ...args]);
  expect(created.code, created.stderr).toBe(0);
  return box;
}

const inProject = (box: Sandbox, ...args: readonly string[]) =>
  box.run(args, { cwd: join(box.cwd, "app") });

const restamp = async (box: Sandbox, changes: object): Promise<void> => {
  const manifest = JSON.parse(await box.read("app/package.json"));
  const bunyard = { ...manifest.bunyard, ...changes };
  await box.write({ "app/package.json": JSON.stringify({ ...manifest, bunyard }) });
};

test("--continue of an update that had replaced no file discards it, and fails", async () => {
  await using box = await open();
  await box.write({ "app/.create-bunyard/.gitignore": "*\n" });
  const { code, stderr } = await inProject(box, "update", "--continue");
  expect(code).toBe(1);
  expect(stderr).toContain("No file had been replaced, so the update was discarded.");
  expect(stderr).toContain(`Run: ${RUN} update\n`);
  expect(await box.list("app")).not.toContain(".create-bunyard");
});

test("an empty staging directory is neither an interrupted update nor in the way of one", async () => {
  await using box = await open();
  await mkdir(join(box.cwd, "app/.create-bunyard"));
  for (const option of ["--continue", "--abort"]) {
    const { code, stderr } = await inProject(box, "update", option);
    expect(code).toBe(2);
    expect(stderr).toContain("was interrupted.");
  }
  expect(await inProject(box, "update", "--without=page", "--no-install")).toMatchObject({
    code: 0,
  });
  expect(await box.list("app")).not.toContain(".create-bunyard");
});

test("an update of a project with uncommitted changes downloads nothing", async () => {
  await using box = await open();
  await restamp(box, { version: "0.0.1" });
  const { code, stderr } = await inProject(box, "update");
  expect(code).toBe(1);
  expect(stderr).toContain("uncommitted changes: package.json");
  expect(await box.list("..")).not.toContain(".cache");
});

test("--project takes ~ and a link, and finds the repository around the real folder", async () => {
  await using box = await Sandbox.open();
  await box.git(".", "init", "--quiet");
  await box.run(["apps/app", "--template", "modular", "--no-install"]);
  await box.git(".", "add", "--all");
  await box.git(".", "commit", "--quiet", "--message", "Before the update");
  await symlink(join(box.cwd, "apps/app"), join(box.cwd, "../link"), "junction");
  for (const project of ["~/work/apps/app", "../link"]) {
    const update = ["update", "--without", "page", `--project=${project}`];
    expect(await box.run([...update, "--dry-run"])).toMatchObject({ code: 0 });
  }
  const { stdout } = await box.run([
    "update",
    "--without",
    "page",
    "--project",
    "../link",
    "--no-install",
  ]);
  expect(stdout).toContain("  cd apps/app\n");
});

test("the printed commit takes the project and its workspace's lockfile, and no other folder", async () => {
  await using box = await Sandbox.open();
  await box.write({
    "package.json": '{"private":true,"workspaces":["apps/*"]}',
    "bun.lock": "{}\n",
    "yarn.lock": "",
    ".gitignore": "yarn.lock\n",
    "docs/a.md": "",
    "docs/b.md": "",
  });
  await box.git(".", "init", "--quiet");
  await box.run(["apps/app", "--template", "modular", "--no-install"]);
  await box.git(".", "add", "--all");
  await box.git(".", "commit", "--quiet", "--message", "Before the update");
  await box.write({ "docs/a.md": "staged", "docs/b.md": "changed", "docs/c.md": "new" });
  await box.git(".", "add", "docs/a.md");
  const cwd = join(box.cwd, "apps/app");
  const update = ["update", "--without", "page", "--no-install", "--json"];
  const { next } = JSON.parse((await box.run(update, { cwd })).stdout);
  await box.write({ "bun.lock": "{ }\n" });
  const commit = Bun.spawn(["sh", "-c", next.at(-1)], { cwd, env: box.env(), stdout: "ignore" });
  expect(await commit.exited).toBe(0);
  expect(await box.git(".", "status", "--porcelain")).toBe(
    "M  docs/a.md\n M docs/b.md\n?? docs/c.md",
  );
  expect(await box.git(".", "show", "--format=", "--name-only")).toBe(
    "apps/app/package.json\napps/app/src/page.ts\nbun.lock",
  );
});

describe("with --project, the remedy names the project", () => {
  test.each(["app", "./app"])("%s", async (project) => {
    await using box = await open();
    await box.write({ "app/.create-bunyard/.gitignore": "*\n" });
    const { stderr } = await box.run(["check", "--project", project]);
    expect(stderr).toContain(`${RUN} update --project ${project} --continue`);
    expect(stderr).toContain(`${RUN} update --project ${project} --abort`);
  });

  test("of a project without a record", async () => {
    await using box = await open();
    await box.write({ "app/package.json": "{}" });
    const { stderr } = await box.run(["diff", "--project", "app"]);
    expect(stderr).toContain(`${RUN} adopt --project app --template`);
    const { stdout } = await box.run([
      ...["adopt", "--project", "app", "--template", "modular"],
      ...["--version", version],
    ]);
    expect(stdout).toContain(
      `  cd app\n  git commit -m 'Record the starter' package.json\n  ${RUN} update`,
    );
  });

  test("once, if the hint repeats the command", async () => {
    await using box = await open();
    await restamp(box, { version: "999.0.0" });
    const { stderr } = await box.run(["check", "--project", "app"]);
    expect(stderr).toContain(`Run: ${RUN} check --project app\n`);
  });
});

test("a record of an unknown starter is named as the cause", async () => {
  await using box = await open();
  await restamp(box, { template: "modulra" });
  const { code, stderr } = await inProject(box, "check");
  expect(code).toBe(2);
  expect(stderr).toContain('package.json records the starter "modulra"');
  expect(stderr).toContain('Correct the entry "bunyard". The starters are: tiny, large, modular.');
});

test.each(["--with", "--without"])(
  "the suggestion for a feature of %s is its name",
  async (flag) => {
    await using box = await open();
    const { code, stderr } = await inProject(box, "update", flag, "upload");
    expect(code).toBe(2);
    expect(stderr).toContain("Did you mean uploads? The features are: page, uploads, resize.");
  },
);

describe.skipIf(process.platform === "win32")("on a terminal", () => {
  async function printed(redirected: string): Promise<{ file: string; terminal: string }> {
    await using box = await open();
    await box.write({ "app/.gitignore": "" });
    let terminal = "";
    const command = box.command("check").join(" ");
    await using child = Bun.spawn(["sh", "-c", `${command} ${redirected} ../file`], {
      cwd: join(box.cwd, "app"),
      env: box.env({ NO_COLOR: undefined, TERM: "xterm-256color", CI: undefined }),
      terminal: {
        data: (_terminal, data) => {
          terminal += new TextDecoder().decode(data);
        },
      },
    });
    await child.exited;
    child.terminal?.close();
    return { file: await box.read("file"), terminal };
  }

  test("a report in a file has no colors", async () => {
    const { file } = await printed(">");
    expect(file).toContain("is up to date");
    expect(file).toBe(Bun.stripANSI(file));
  });

  test("a report on the terminal has colors, if only the errors are in a file", async () => {
    const { file, terminal } = await printed("2>");
    expect(file).toBe(Bun.stripANSI(file));
    expect(terminal).not.toBe(Bun.stripANSI(terminal));
  });
});

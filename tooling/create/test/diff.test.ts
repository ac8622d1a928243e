// `diff --mine`: the patch turns the template into the user's project, for every kind of file that git knows.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Sandbox } from "./sandbox.ts";

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

test("where git ignores the modes on the disk, the modes are those of git", async () => {
  await using box = await openProject();
  await box.git("app", "config", "core.fileMode", "false");
  await chmod(join(box.cwd, "app/package.json"), 0o755);
  await box.git("app", "update-index", "--chmod=+x", "src/main.ts");
  const { stdout } = await box.run(["diff", "--mine"], { cwd: join(box.cwd, "app") });
  expect(stdout).toContain("new mode 100755");
  expect(stdout).not.toContain("package.json");
});

test.skipIf(process.platform === "win32")("a path may have any character", async () => {
  await using box = await openProject();
  const odd = 'src/q"u\\o\nt\u0001e\té';
  await box.write({ [`app/${odd}`]: "odd\n" });
  await copyChanges(box);
  expect(await box.read(`copy/${odd}`)).toBe("odd\n");
});

// A full or read-only disk: the run fails, and no file is left behind.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../package.json" with { type: "json" };
import { ended, Sandbox } from "./sandbox.ts";

setDefaultTimeout(60_000);

const BULKY = { "package.json": "{}", "a.bin": "x".repeat(40_000), "z.bin": "x".repeat(400_000) };

/** Runs the command under a limit on the file size, which every user may set. */
async function runLimited(box: Sandbox, target: string, ...args: string[]) {
  const blocks = 100; // 50 or 100 KiB, as the shell counts
  const command = box.command(target, "--template", "bulky", "--no-install", ...args);
  const child = Bun.spawn(["sh", "-c", `ulimit -f ${blocks}; exec "$@"`, "sh", ...command], {
    cwd: box.cwd,
    env: box.env(),
    stdout: "pipe",
    stderr: "pipe",
  });
  return ended(child);
}

async function openBulky(): Promise<Sandbox> {
  const box = await Sandbox.open();
  await box.addTemplate("bulky", BULKY);
  const list = [{ name: "bulky", description: "", features: [] }];
  await box.write({ "../package/templates.json": JSON.stringify(list) });
  return box;
}

describe.skipIf(process.platform === "win32")("a file that is not writable its end", () => {
  test("leaves no new directory behind", async () => {
    await using box = await openBulky();
    const { code, stdout, stderr } = await runLimited(box, "deep/app", "--json");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const { ok, files, steps, error } = JSON.parse(stdout);
    expect({ ok, files }).toEqual({ ok: false, files: [] });
    expect(steps[0]).toMatchObject({ step: "write", status: "failed" });
    expect(error).toMatchObject({ code: "write_failed", hint: "Free disk space and try again." });
    expect(await box.list()).toEqual([]);
  });

  test("leaves an empty directory empty", async () => {
    await using box = await openBulky();
    await mkdir(join(box.cwd, "app"));
    expect(await runLimited(box, "app")).toMatchObject({ code: 1 });
    expect(await box.list("app")).toEqual([]);
  });

  test("keeps the files that --force would have overwritten", async () => {
    await using box = await openBulky();
    await box.write({ "app/package.json": "mine", "app/a.bin": "mine" });
    expect(await runLimited(box, "app", "--force")).toMatchObject({ code: 1 });
    expect(await box.tree("app")).toEqual(["a.bin", "package.json"]);
    expect(await box.read("app/package.json")).toBe("mine");
    expect(await box.read("app/a.bin")).toBe("mine");
  });
});

test.skipIf(process.platform === "win32")(
  "adopt leaves package.json as it was, and no file",
  async () => {
    await using box = await Sandbox.open();
    const manifest = JSON.stringify({ name: "app", description: "x".repeat(200_000) });
    await box.write({ "package.json": manifest });
    const args = ["adopt", "--template", "tiny", "--version", version];
    const command = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", ...box.command(...args)];
    const child = Bun.spawn(command, {
      cwd: box.cwd,
      env: box.env(),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await ended(child)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no file was left behind"),
    });
    expect(await box.list()).toEqual(["package.json"]);
    expect(await box.read("package.json")).toBe(manifest);
  },
);

// Mounting requires root on Linux, and some containers forbid it. The limit above works everywhere.
if (await canMount()) {
  describe("on a separate file system", fileSystemTests);
}

function fileSystemTests() {
  test("that is full, no file is left", async () => {
    await using box = await openBulky();
    await using disk = await mount(box, "size=64k");
    const run = await box.run([disk.path, "--template", "bulky", "--no-install"]);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining("ENOSPC") });
    expect(await box.list("disk")).toEqual([]);
    const deeper = await box.run(["disk/app", "--template", "bulky", "--no-install"]);
    expect(deeper).toMatchObject({ code: 1 });
    expect(await box.list("disk")).toEqual([]);
  });

  test("an update reports the files that it cannot rename into it, and is complete", async () => {
    await using box = await openBulky();
    const features = { page: { description: "A page", paths: ["disk/page.ts"] } };
    await box.addTemplate("bulky", {
      "package.json": JSON.stringify({ bunyard: { features } }),
      "disk/page.ts": "",
    });
    const list = [{ name: "bulky", description: "", features: [{ name: "page", requires: [] }] }];
    await box.write({ "../package/templates.json": JSON.stringify(list) });
    await box.run([".", "--name=app", "--template=bulky", "--without=page", "--no-install"]);
    await using _disk = await mount(box, "size=64k");
    const run = await box.run(["update", "--with=page", "--no-install"]);
    expect(run).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("disk is a file, a link, another repository or on another"),
    });
    expect(await box.list("disk")).toEqual([]);
    expect(await box.list()).not.toContain(".create-bunyard");
  });

  test("that is read-only, root is refused as well", async () => {
    await using box = await openBulky();
    await using disk = await mount(box, "ro");
    for (const target of [disk.path, "disk/app", "disk/a/b"]) {
      const run = await box.run([target, "--template", "bulky", "--no-install"]);
      expect(run).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("is not writable"),
      });
    }
  });
}

async function mount(box: Sandbox, options: string) {
  const path = join(box.cwd, "disk");
  await mkdir(path, { recursive: true });
  const { exitCode } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]);
  return {
    path,
    mounted: exitCode === 0,
    [Symbol.asyncDispose]: async () => {
      if (exitCode === 0) Bun.spawnSync(["umount", "-l", path]);
    },
  };
}

async function canMount(): Promise<boolean> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  await using box = await Sandbox.open();
  await using disk = await mount(box, "ro");
  return disk.mounted;
}

describe.skipIf(!existsSync("/dev/full"))("an output that cannot be written", () => {
  const shell = async (box: Sandbox, redirection: string, ...args: string[]) => {
    const command = ["sh", "-c", `"$@" ${redirection}`, "sh", ...box.command(...args)];
    return ended(
      Bun.spawn(command, { cwd: box.cwd, env: box.env(), stdout: "pipe", stderr: "pipe" }),
    );
  };

  test.each([
    { args: ["--list", "--json"] },
    { args: ["app", "--template", "tiny", "--no-install"] },
  ])("is an error: $args", async ({ args }) => {
    await using box = await Sandbox.open();
    const { code, stderr } = await shell(box, "> /dev/full", ...args);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("✖ The output could not be written (ENOSPC).\n"),
    });
  });

  test("does not matter for messages, and for a reader that has ended", async () => {
    await using box = await Sandbox.open();
    const args = ["app", "--template", "tiny", "--no-install"];
    expect(await shell(box, "2> /dev/full", ...args)).toMatchObject({ code: 0 });
    const listed = await shell(box, "| head -c 1", "--list", "--json");
    expect(listed).toMatchObject({ code: 0, stdout: "[" });
  });
});

// The command line: what it says, what it refuses, and the exit codes.
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { version } from "../package.json" with { type: "json" };
import { flags } from "../src/command/definition.ts";
import { BANNER, Sandbox, TINY_FILES } from "./sandbox.ts";

setDefaultTimeout(60_000);

test("creates a project and says how to go on", async () => {
  await using box = await Sandbox.open();
  const { code, stdout, stderr } = await box.tiny("my-app");
  expect({ code, stderr }).toEqual({ code: 0, stderr: BANNER });
  expect(stdout).toMatch(/^✔ Created my-app from tiny, 4 files/);
  expect(stdout).toEndWith("\n  cd my-app\n  bun install\n  bun run dev\n\n");
  expect(await box.tree("my-app")).toEqual(TINY_FILES);
  expect(JSON.parse(await box.read("my-app/package.json")).name).toBe("my-app");
  expect(await box.list()).toEqual(["my-app"]);
});

test("a directory that begins with a dash is told so that cd takes it", async () => {
  await using box = await Sandbox.open();
  const { stdout } = await box.tiny("./-app", "--dry-run", "--json");
  expect(JSON.parse(stdout).next[0]).toBe("cd ./-app");
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
    files: TINY_FILES,
    steps: [
      { step: "write", status: "done", ms: expect.any(Number) },
      { step: "install", status: "skipped", ms: 0, reason: "--no-install" },
      { step: "git", status: "skipped", ms: 0, reason: "--no-git" },
    ],
    next: ['cd "a/b/My App"', "bun install", "bun run dev"],
  });
});

test("with --dry-run, plans and touches nothing", async () => {
  await using box = await Sandbox.open();
  const planned = await box.run(["my-app", "--template", "tiny", "--dry-run", "--json"]);
  const { files, steps } = JSON.parse(planned.stdout);
  expect(files).toEqual(TINY_FILES);
  expect(steps).toEqual(
    ["write", "install", "git"].map((step) => ({ step, status: "planned", ms: 0 })),
  );
  const told = await box.run(["my-app", "--template", "tiny", "--dry-run"]);
  for (const file of TINY_FILES) expect(told.stdout).toContain(`create  ${file}`);
  expect(told.code).toBe(0);
  expect(await box.list()).toEqual([]);
});

test("--list has a line for each starter, and with --json its title and what it ships", async () => {
  await using box = await Sandbox.open();
  const { stdout } = await box.run(["--list"]);
  expect(stdout).toBe("tiny   The smallest project\nlarge  A great many files\n");
  const json = JSON.parse((await box.run(["--list", "--json"])).stdout);
  expect(json[0]).toEqual({
    name: "tiny",
    title: "Tiny",
    description: "The smallest project",
    ships: ["a file"],
  });
});

test("--version and --help print and exit with 0; help names every flag, without colour", async () => {
  await using box = await Sandbox.open();
  expect(await box.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  const { code, stdout } = await box.run(["--help"]);
  expect(code).toBe(0);
  for (const flag of Object.keys(flags)) expect(stdout).toContain(`--${flag}`);
  expect(stdout).toBe(Bun.stripANSI(stdout));
});

test("a stray -- is dropped", async () => {
  await using box = await Sandbox.open();
  expect(await box.tiny("--", "my-app")).toMatchObject({ code: 0 });
});

test.each([
  ["no directory", [], "Say which directory", "--template tiny"],
  ["no template", ["my-app"], "Say which template", "tiny, large"],
  ["an unknown template", ["my-app", "--template", "tyni"], '"tyni"', "--template tiny"],
  ["a template like no other", ["my-app", "--template", "x"], '"x"', "tiny, large"],
  ["an unknown flag", ["my-app", "--tempalte", "tiny"], "--tempalte", "--template?"],
  ["a short flag", ["my-app", "-t", "tiny"], "-t", "--template?"],
  ["a flag without its value", ["my-app", "--template"], "--template needs", "--template <value>"],
  ["a flag instead of a value", ["a", "--template", "--force"], "--template needs", "<value>"],
  ["a value for a switch", ["a", "--force=yes"], "--force takes no value", ""],
  ["two directories", ["my", "app"], '"app"', "quotes"],
  ["a bad name", ["a", "--template", "tiny", "--name", "A b"], '"A b"', "--name a-b"],
  ["a reserved name", ["node_modules", "--template", "tiny"], "reserved", "--name"],
  ["a device of Windows", ["x/CON", "--template", "tiny"], "Windows", "another directory"],
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

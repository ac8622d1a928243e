// The published file under Node and old versions of Bun: it prints what it needs, and exits with 1.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { engines } from "../package.json" with { type: "json" };
import { pack } from "../src/release/pack.ts";
import { runtimeCheck } from "../src/release/runtime-check.ts";
import { ended } from "./sandbox.ts";

setDefaultTimeout(300_000);

const version = engines.bun.replace(">=", "");
const folder = await mkdtemp(join(tmpdir(), "create-runtimes-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const repository = resolve(import.meta.dir, "../../..");
const command = join(folder, "package", "create.js");
const work = join(folder, "work");
beforeAll(async () => {
  await mkdir(work);
  await pack(join(folder, "package"));
});

const runIn = (cwd: string, ...words: string[]) =>
  ended(Bun.spawn(words, { cwd, stdout: "pipe", stderr: "pipe" }));
const run = (...words: string[]) => runIn(work, ...words);

/** Installs an old version for this platform from the registry, and returns its executable. */
async function oldBun(old: string): Promise<string> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@oven/bun-${system}-${process.arch === "arm64" ? "aarch64" : "x64"}`;
  const home = join(folder, old);
  await Bun.write(join(home, "package.json"), "{}");
  const add = [process.execPath, "add", "--cwd", home, `${name}@${old}`];
  const { code, stderr } = await run(...add);
  expect(code, stderr).toBe(0);
  const bin = join(home, "node_modules", name, "bin");
  const [executable = ""] = await readdir(bin);
  return join(bin, executable);
}

// 1.3.5 evaluates a bundle for Bun without calling it. The others are the last releases of their minor version.
test.each(["1.1.45", "1.2.23", "1.3.5"])("Bun %s", async (old) => {
  const bun = await oldBun(old);
  for (const args of [["my-app", "--template", "http-sse"], ["--version"], ["--list", "--json"]]) {
    expect(await run(bun, command, ...args)).toEqual({
      code: 1,
      stdout: "",
      stderr: `create-bunyard needs Bun ${version} or later, and this is Bun ${old}. Run: bun upgrade\n`,
    });
  }
  expect(await readdir(work)).toEqual([]);
  const refusal = {
    code: 1,
    stdout: "",
    stderr: `This project needs Bun ${version} or later, and this is Bun ${old}. Run: bun upgrade\n`,
  };
  // Every service reads its environment first.
  expect(await run(bun, join(repository, "packages/shared/src/env.ts"))).toEqual(refusal);
  for (const library of ["build-plugin", "ffi-addon"]) {
    const template = join(repository, "templates", library);
    const { scripts } = await Bun.file(join(template, "package.json")).json();
    expect(await runIn(template, bun, ...scripts.build.split(" ").slice(1))).toEqual(refusal);
  }
  // A clone's commands first run this one. An old version cannot read the lockfile.
  const { scripts } = await Bun.file(join(repository, "package.json")).json();
  const [check = ""] = scripts.setup.split(" && ");
  expect(await runIn(repository, bun, ...check.split(" ").slice(1))).toEqual(refusal);
});

// A machine with only Bun has no Node.
if (Bun.which("node") !== null) {
  test("Node", async () => {
    expect(await run("node", command, "my-app", "--template", "http-sse")).toEqual({
      code: 1,
      stdout: "",
      stderr: `create-bunyard needs Bun ${version} or later, and this is Node. Run: npx bun@${version} create bunyard@latest\n`,
    });
    expect(await readdir(work)).toEqual([]);
  });
}

test.each([
  ["1.4.4", "1.4.5", 1],
  ["1.4.5", "1.4.5", 0],
  ["1.4.10", "1.4.5", 0],
  ["1.10.0", "1.4.5", 0],
  ["2.0.0", "1.4.5", 0],
  ["0.9.9", "1.4.5", 1],
  ["1.4.5-canary.3", "1.4.5", 0],
])("Bun %s where %s is needed: exit code %p", (running, required, code) => {
  const exits: number[] = [];
  const check = new Function("Bun", "process", "console", runtimeCheck("create-bunyard", required));
  check(
    { version: running },
    { exit: (code: number) => exits.push(code) },
    { error: () => undefined },
  );
  expect(exits).toEqual(code === 0 ? [] : [code]);
});

test("the check does not replace functions of the bundle, which may have the same names", () => {
  const after =
    "function required() {} function isOld() {} return [typeof required, typeof isOld];";
  const command = new Function("process", `${runtimeCheck("create-bunyard", version)}${after}`);
  expect(command({ exit: () => undefined })).toEqual(["function", "function"]);
});

// Copies of this project and installations of its package in temporary folders, and functions that run programs.
import { expect } from "bun:test";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { buildLibrary, compile } from "../scripts/compile.ts";
import { findCompiler } from "../scripts/compiler.ts";
import { buildJavaScript } from "../scripts/javascript.ts";
import { packageName, root } from "../src/artifacts.ts";

const OMITTED = ["node_modules", "dist", "test", ".git"];

export interface Project extends Disposable {
  readonly path: string;
  /** The specifier that a program imports. */
  readonly entry: string;
}

/** @param build `bare` has no compiled library, `compiled` has one, `sanitized` one that checks itself. */
export function createProject(build: "bare" | "compiled" | "sanitized"): Project {
  const path = mkdtempSync(join(tmpdir(), "ffi-addon-"));
  for (const part of readdirSync(root)) {
    if (!OMITTED.includes(part)) cpSync(join(root, part), join(path, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"), "junction");
  mkdirSync(join(path, "dist"));
  const folder = join(path, "dist/native");
  if (build === "compiled") buildCached(folder);
  if (build === "sanitized") buildLibrary(findCompiler(process.env.CC), { folder, sanitize: true });
  return {
    path,
    entry: join(path, "src/index.ts"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Copies the compiled library from this project's cache: a build in `folder` does not compile the same C code again. */
export function copyCompiled(folder: string): void {
  const { path } = compile(findCompiler(process.env.CC), { folder: join(root, "dist/native") });
  for (const file of [path, `${path}.sha256`]) cpSync(file, join(folder, basename(file)));
}

function buildCached(folder: string): void {
  copyCompiled(folder);
  buildLibrary(findCompiler(process.env.CC), { folder });
}

/** Lets builds of a project compile one module to JavaScript: for tests that do not use dist/library/. */
export function shortenBuild({ path }: Project): void {
  const config = join(path, "tsconfig.library.json");
  const { compilerOptions, ...rest } = JSON.parse(readFileSync(config, "utf8"));
  const short = { ...rest, compilerOptions: { ...compilerOptions, types: [] } };
  writeFileSync(config, JSON.stringify({ ...short, files: ["src/errors.ts"] }));
}

/** Installs the library in a folder, as a package manager would: the compiled JavaScript and a library for this machine. */
export async function installPackage(folder: string): Promise<string> {
  const installed = join(folder, "node_modules", packageName);
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  await buildJavaScript(join(installed, "dist/library"));
  buildCached(join(installed, "dist/native"));
  return installed;
}

/** Runs a program with Bun and waits for its end. */
export function run(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
) {
  return runProgram([process.execPath, ...args], env);
}

/**
 * Runs a program with Bun that must succeed without a message on stderr; a failure shows what it printed.
 * @returns what it prints.
 */
export async function runCleanly(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const { stdout, ...outcome } = await run(args, env);
  expect(outcome, stdout).toEqual({ exitCode: 0, signal: null, stderr: "" });
  return stdout;
}

/** Runs a program in a folder and waits for its end. */
export async function runProgram(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  cwd: string = root,
) {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, FFI_BACKEND: undefined, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { exitCode: child.exitCode, signal: child.signalCode, stdout, stderr };
}

export function program(name: string): string {
  return join(import.meta.dir, "programs", name);
}

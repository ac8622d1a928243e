// A copy of the library outside the repository, as a user would install it, built in the way a test wants.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLibrary } from "../scripts/compile.ts";
import { findCompiler } from "../scripts/compiler.ts";
import { root } from "../src/library.ts";

export interface Project extends Disposable {
  readonly path: string;
  /** What a program imports. */
  readonly entry: string;
}

/** @param build `bare` has no compiled library, `compiled` has one, `sanitized` one that checks itself. */
export function createProject(build: "bare" | "compiled" | "sanitized"): Project {
  const path = mkdtempSync(join(tmpdir(), "ffi-addon-"));
  for (const part of ["src", "native", "scripts", "package.json", "pack.ts"]) {
    cpSync(join(root, part), join(path, part), { recursive: true });
  }
  mkdirSync(join(path, "dist"));
  if (build !== "bare") {
    const sanitize = build === "sanitized";
    buildLibrary(findCompiler(process.env.CC), { folder: join(path, "dist/native"), sanitize });
  }
  return {
    path,
    entry: join(path, "src/index.ts"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Runs a program with Bun and waits for its end. */
export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
) {
  const child = Bun.spawn([process.execPath, ...args], {
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

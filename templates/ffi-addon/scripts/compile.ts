// Compiles a file of native/: the flags, and a cache by source, flags and compiler.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Manifest, platform, root, sha256, sourceHash } from "../src/library.ts";
import type { Compiler } from "./compiler.ts";

const warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"];
const code = ["-std=c11", "-O3", "-g0", "-fno-math-errno", "-fvisibility=hidden"];
/** -Wno-cpp: GCC before 12 takes level 3 for 2, and glibc would warn of that. */
const hardening = [
  "-fstack-protector-strong",
  "-U_FORTIFY_SOURCE",
  "-D_FORTIFY_SOURCE=3",
  "-Wno-cpp",
];
const elf = ["-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,-z,defs"];
/**
 * For tests. They bring checks of their own, and their symbols come from the process that loads the library.
 * Only here is a warning an error: a compiler that is newer than this code should not stop a build.
 */
const sanitizers = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Werror"];

export interface CompileOptions {
  /** Below native/. */
  readonly source?: string;
  /** Where the result goes; its name carries the cache's key. */
  readonly folder: string;
  readonly kind?: "library" | "program";
  readonly sanitize?: boolean;
  /** The platform, like `linux-arm64`, that the compiler makes code for. */
  readonly target?: string;
}

export interface Compiled {
  readonly path: string;
  /** The same was compiled before. */
  readonly cached: boolean;
}

/** What the compiler says goes to stderr. @throws {Error} when it fails. */
export function compile(compiler: Compiler, options: CompileOptions): Compiled {
  const { source = "addon.c", folder, kind = "library", sanitize = false } = options;
  const target = options.target ?? platform;
  const flags = [
    ...warnings,
    ...code,
    ...(sanitize ? sanitizers : hardening),
    ...(kind === "library" ? ["-shared"] : []),
    ...(target.startsWith("win32-") ? [] : ["-fPIC"]), // all code is on Windows
    ...(target.startsWith("linux-") && !sanitize ? elf : []),
  ];
  const input = join(root, "native", source);
  const key = sha256(
    JSON.stringify([sourceHash(), sha256(readFileSync(input)), compiler, flags, kind]),
  );
  const name = `${basename(source, ".c")}-${key.slice(0, 16)}`;
  const path = join(folder, `${name}${suffixOf(kind, target)}`);
  if (existsSync(path)) return { path, cached: true };

  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const command = [...compiler.command, ...flags, input, "-o", temporary, "-lm"];
  const { success } = Bun.spawnSync(command, { stderr: "inherit" });
  if (!success)
    throw new Error(`${compiler.command.join(" ")} could not compile native/${source}.`);
  renameSync(temporary, path);
  return { path, cached: false };
}

/** Compiles the library into `folder`, with the manifest that src/library.ts wants to see. */
export function buildLibrary(compiler: Compiler, options: CompileOptions): Compiled {
  const compiled = compile(compiler, options);
  writeManifest(options.folder, {
    [options.target ?? platform]: {
      file: basename(compiled.path),
      sha256: sha256(readFileSync(compiled.path)),
    },
  });
  return compiled;
}

export function writeManifest(folder: string, libraries: Manifest["libraries"]): void {
  const manifest: Manifest = { source: sourceHash(), libraries };
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function suffixOf(kind: "library" | "program", target: string): string {
  if (target.startsWith("win32-")) return kind === "library" ? ".dll" : ".exe";
  if (kind === "program") return "";
  return target.startsWith("darwin-") ? ".dylib" : ".so";
}

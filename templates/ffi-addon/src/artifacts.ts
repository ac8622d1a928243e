// Finds the files that the build makes, in the folder of this project. In dist/library/, a module that scripts/javascript.ts
// writes replaces this one: it imports each file by a literal path, so that bundlers copy or embed it. After a change
// here, change the text in scripts/javascript.ts, too.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CFLAGS, LIBS } from "./c-flags.ts";
import { AddonError } from "./errors.ts";
import type { LibraryFolder, Manifest } from "./verify.ts";

if (basename(import.meta.path) !== "artifacts.ts") {
  throw new AddonError(
    "backend_unavailable",
    "src/ has been bundled, which leaves out the C library: run `bun run build`, and import the package by its name",
  );
}

export const root = dirname(import.meta.dir);

/** Whether a C library was built. Before the first build, running on TinyCC is normal and is not reported. */
export const hasBuild = (): boolean =>
  !new Bun.Glob("dist/*/manifest.json").scanSync(root).next().done;

export const packageName: string = JSON.parse(read("package.json")).name;

// #region worker
/** Identifies this copy of the package in the process. */
export const id: string = import.meta.path;
export const createWorkerUrl = (): string => new URL("./worker/thread.ts", import.meta.url).href;
// #endregion

/** The C file that TinyCC compiles. */
export const findCSource = (): string => join(root, "native/addon.c");

/**
 * The SHA-256 of the C code and its flags. A library is opened only if its manifest has the same one. Every file of native/
 * is a part of it, because `-I` and `-L` in the flags may lead to any of them.
 */
export function hashSource(): string {
  const paths = new Bun.Glob("native/**/*").scanSync({ cwd: root, absolute: true });
  const contents = Array.from(paths, (path) => readFileSync(path, "latin1")).sort(); // keeps all bytes
  const inputs = [amalgamate("native/addon.c"), contents, read("scripts/compile.ts"), CFLAGS, LIBS];
  return Bun.SHA256.hash(JSON.stringify(inputs), "hex");
}

export const compiled: LibraryFolder = {
  absent: "not built yet: run `bun run build`",
  manifest: () => readManifest("dist/native"),
  path: (_, { file }) => join(root, "dist/native", file),
};

// #region prebuilt
export const prebuilt: LibraryFolder = {
  absent: "not built yet: run `bun run package`",
  manifest: () => readManifest("dist/prebuilt"),
  path: (_, library) => join(root, "dist/prebuilt", library.package ?? "", library.file),
};
// #endregion

/** Also matches comments and strings, because an `#include` in them is text, and `'"'`, which starts no string. */
const INCLUDE =
  /\/\*[\s\S]*?\*\/|\/\/.*|^[ \t]*#[ \t]*include[ \t]*"([^"]+)"|'\\?"'|"(?:\\.|[^"\\\n])*"/gm;
const PRAGMA_ONCE = /^[ \t]*#[ \t]*pragma[ \t]+once\b/m;

/** Returns a C file in which each `#include "…"` is replaced with the file's text. */
export function amalgamate(path: string, includers: readonly string[] = []): string {
  const chain = [...includers, path];
  const text = read(path).replaceAll(INCLUDE, (match, name) => {
    if (name === undefined) return match;
    const included = join(dirname(path), name);
    // A header that includes itself again has a guard, which leaves it out.
    if (chain.includes(included)) return "";
    // Otherwise the line may be inside an `#ifdef`, or the compiler finds the file through `-I`.
    return existsSync(join(root, included)) ? `${amalgamate(included, chain)}\n` : match;
  });
  if (!PRAGMA_ONCE.test(text)) return text;
  // Compilers find a second inclusion by the file's path, which is lost here.
  const guard = `ONCE_${Bun.SHA256.hash(text, "hex").slice(0, 16)}`;
  return `#ifndef ${guard}\n#define ${guard}\n${text.replace(PRAGMA_ONCE, "")}\n#endif`;
}

/** @throws {AddonError} `backend_unavailable` if the manifest is damaged. */
export function readManifest(folder: string): Manifest | undefined {
  const path = resolve(root, folder, "manifest.json");
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new AddonError("backend_unavailable", `${path} is damaged: build it again`, { cause });
  }
}

function read(path: string): string {
  try {
    // Compilers skip a byte order mark only at the start of a file.
    return readFileSync(join(root, path), "utf8").replace(/^\ufeff/, "");
  } catch (cause) {
    throw new AddonError("backend_unavailable", `${path} is missing`, { cause });
  }
}

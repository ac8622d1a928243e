// The files that the build makes, found in the folder of this project. In dist/library/ the build replaces this module
// with one that imports each file by a literal path, so that bundlers copy or embed it (see scripts/javascript.ts).
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CFLAGS, LIBS } from "./c-flags.ts";
import { AddonError } from "./errors.ts";
import type { Libraries, Manifest } from "./library.ts";
import { sha256 } from "./sha256.ts";

export const root = dirname(import.meta.dir);

/** Whether this is the module that the build generated. */
export const isBuilt: boolean = false;

export const packageName: string = JSON.parse(read("package.json")).name;

// #region worker
/** Identifies this copy of the library in the process. */
export const id: string = import.meta.path;
// #endregion

// #region worker
export const createWorkerUrl = (): string => new URL("./worker/thread.ts", import.meta.url).href;
// #endregion

/** The C file that TinyCC compiles. */
export const findCSource = (): string => join(root, "native/addon.c");

/** The SHA-256 of the C code and its flags, which a built library has to match. */
export const hashSource = (): string =>
  sha256(JSON.stringify([amalgamate("native/addon.c"), CFLAGS, LIBS]));

export const compiled: Libraries = {
  absent: "not built yet: run `bun run build`",
  manifest: () => readManifest("dist/native"),
  path: (_, { file }) => join(root, "dist/native", file),
};

// #region prebuilt
export const prebuilt: Libraries = {
  absent: "not built yet: run `bun run package`",
  manifest: () => readManifest("dist/prebuilt"),
  path: (_, library) => join(root, "dist/prebuilt", library.package ?? "", library.file),
};
// #endregion

/** Returns a C file in which each `#include "…"` is replaced with the file's text. */
export function amalgamate(path: string): string {
  return read(path).replaceAll(/^[ \t]*#[ \t]*include[ \t]+"([^"]+)".*$/gm, (_, included) =>
    amalgamate(join(dirname(path), included)),
  );
}

function readManifest(folder: string): Manifest | undefined {
  const path = join(root, folder, "manifest.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AddonError("backend_unavailable", `${path} is damaged: build it again`, { cause });
  }
}

function read(path: string): string {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (cause) {
    throw new AddonError("backend_unavailable", `${path} is missing`, { cause });
  }
}

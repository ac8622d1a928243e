// Which engine runs: prebuilt, compiled, TinyCC, TypeScript, the first that works here.
import { cc, dlopen } from "bun:ffi";
import { join } from "node:path";
import { type Backend, backends, type Engine } from "./engine.ts";
import { AddonError } from "./errors.ts";
import { findLibrary, root } from "./library.ts";
import { nativeEngine } from "./native.ts";
import { declarations } from "./symbols.ts";
import { typescriptEngine } from "./typescript.ts";

export interface Skipped {
  readonly backend: Backend;
  readonly reason: string;
}

/**
 * @param forced the value of FFI_BACKEND; undefined or empty takes the first that works.
 * @throws {AddonError} `backend_unavailable` when the forced one is unknown or does not work.
 */
export function chooseEngine(forced: string | undefined): { engine: Engine; skipped: Skipped[] } {
  if (forced) return { engine: openForced(forced), skipped: [] };
  const skipped: Skipped[] = [];
  for (const backend of backends) {
    try {
      return { engine: openEngine(backend), skipped };
    } catch (error) {
      if (!(error instanceof AddonError)) throw error;
      skipped.push({ backend, reason: error.message });
    }
  }
  throw new Error("unreachable: the TypeScript engine always works");
}

/**
 * @param library opens this file instead of looking for one; it is trusted.
 * @throws {AddonError} `backend_unavailable`, with the reason.
 */
export function openEngine(backend: Backend, library?: string): Engine {
  switch (backend) {
    case "prebuilt":
      return openLibrary(
        backend,
        library ?? findLibrary(join(root, "dist/prebuilt"), "bun run pack"),
      );
    case "compiled":
      return openLibrary(
        backend,
        library ?? findLibrary(join(root, "dist/native"), "bun run build"),
      );
    case "tinycc":
      return unlessItFails(() => {
        const source = join(root, "native/addon.c");
        return nativeEngine(backend, cc({ source, symbols: declarations }).symbols);
      });
    case "typescript":
      return typescriptEngine;
  }
}

/** A library is never closed: a symbol called after `close()` would crash the process. */
function openLibrary(backend: Backend, library: string): Engine {
  return unlessItFails(() => nativeEngine(backend, dlopen(library, declarations).symbols));
}

function unlessItFails(open: () => Engine): Engine {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof AddonError) throw cause;
    throw new AddonError("backend_unavailable", `it does not load: ${cause}`, { cause });
  }
}

function openForced(name: string): Engine {
  const backend = backends.find((known) => known === name);
  const problem = (reason: string, cause?: unknown): AddonError =>
    new AddonError("backend_unavailable", `FFI_BACKEND=${name}: ${reason}`, { cause });
  if (!backend) throw problem(`it can be ${backends.join(", ")}`);
  try {
    return openEngine(backend);
  } catch (cause) {
    throw cause instanceof AddonError ? problem(cause.message, cause) : cause;
  }
}

// Which engine runs: the first in the order of `backendOrder` that works here.
import { cc, dlopen } from "bun:ffi";
import * as artifacts from "./artifacts.ts";
import { CFLAGS, LIBS } from "./c-flags.ts";
import { onDisk } from "./embedded.ts";
import { type Backend, backendOrder, type Engine } from "./engine.ts";
import { AddonError } from "./errors.ts";
import { createNativeEngine } from "./native.ts";
import { declarations, type Symbols } from "./symbols.ts";
import { typescriptEngine } from "./typescript.ts";
import { findLibrary } from "./verify.ts";

export interface Skipped {
  readonly backend: Backend;
  readonly reason: string;
}

/**
 * @param forced the value of FFI_BACKEND; undefined or empty takes the first that works.
 * @throws {AddonError} `backend_unavailable` when the forced one is unknown or does not work.
 */
export function chooseEngine(forced: string | undefined): { engine: Engine; skipped: Skipped[] } {
  const skipped: Skipped[] = [];
  for (const backend of backendOrder) {
    if (forced && forced !== backend) continue;
    try {
      return { engine: openEngine(backend), skipped };
    } catch (error) {
      if (!(error instanceof AddonError)) throw error;
      skipped.push({ backend, reason: error.message });
    }
  }
  // Only a forced backend gets here, because the TypeScript engine always works.
  const reason = skipped[0]?.reason ?? `it can be ${backendOrder.join(", ")}`;
  throw new AddonError("backend_unavailable", `FFI_BACKEND=${forced}: ${reason}`);
}

/**
 * @param library for tests: opens this file instead of looking for one, and does not verify it.
 * @throws {AddonError} `backend_unavailable`, with the reason.
 */
export function openEngine(backend: Backend, library?: string): Engine {
  if (backend === "typescript") return typescriptEngine;
  try {
    return createNativeEngine(backend, openSymbols(backend, library));
  } catch (cause) {
    if (cause instanceof AddonError) throw cause;
    throw new AddonError("backend_unavailable", `it does not load: ${cause}`, { cause });
  }
}

/** A library is never closed: a symbol called after `close()` would crash the process. */
function openSymbols(backend: Exclude<Backend, "typescript">, library?: string): Symbols {
  switch (backend) {
    // #region prebuilt
    case "prebuilt":
      return dlopen(library ?? findLibrary(artifacts.prebuilt), declarations).symbols;
    // #endregion
    case "compiled":
      return dlopen(library ?? findLibrary(artifacts.compiled), declarations).symbols;
    case "tinycc": {
      const source = onDisk(artifacts.findCSource());
      const flags = CFLAGS.map(quoteForTinycc);
      return cc({ source, symbols: declarations, flags, library: [...LIBS] }).symbols;
    }
  }
}

/** TinyCC gets all flags as one text, which it splits at blanks outside double quotes. */
const quoteForTinycc = (flag: string): string => `"${flag.replaceAll(/["\\]/g, "\\$&")}"`;

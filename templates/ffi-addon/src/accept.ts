// Calls `accept` from C: one C callback for all searches of this thread.
import { JSCallback, type Pointer } from "bun:ffi";
import { askAccept } from "./check.ts";
import type { Accept } from "./engine.ts";
import { status } from "./symbols.ts";

/** The arguments of a search with `accept`. They keep the memory alive that C reads and writes while JavaScript runs. */
interface Call {
  readonly accept: Accept;
  readonly query: Float32Array;
  readonly hits: Uint8Array;
  /** What `accept` threw. */
  error?: unknown;
}

/** The innermost search: `accept` may search another index. */
let current: Call | undefined;
/** Created by the first search that needs it, and kept: creating one costs far more than calling it. */
let callback: JSCallback | undefined;

function decide(id: number): number {
  if (!current) return -1; // never: C calls this only during a search
  try {
    return askAccept(current.accept, id) ? 1 : 0;
  } catch (error) {
    // An exception must not unwind through C, so it is kept until the search has returned.
    current.error = error;
    return -1;
  }
}

/** Runs a search with a callback that asks `call.accept`. @throws what `call.accept` threw. */
export function searchWithAccept(call: Call, run: (callback: Pointer | null) => number): number {
  callback ??= new JSCallback(decide, { args: ["u32"], returns: "i32" });
  const outer = current;
  current = call;
  try {
    const found = run(callback.ptr);
    if (found === -status.stopped) throw call.error;
    return found;
  } finally {
    current = outer;
  }
}

// The library's entry: picks a backend once, and exports what there is to call.
import type { Skipped } from "./backends.ts";
import { checkFinite, isInt32, notInt32 } from "./check.ts";
import * as chosen from "./chosen.ts";
import type { Backend } from "./engine.ts";
import { AddonError } from "./errors.ts";

export type { Accept, Backend, Hit, Metric } from "./engine.ts";
export { AddonError, type AddonErrorCode } from "./errors.ts";
export { VectorIndex, type VectorIndexOptions } from "./vector-index.ts";

const { engine } = chosen;

/** Which implementation runs. `FFI_BACKEND` forces one. */
export const backend: Backend = engine.backend;

/** The backends that were tried before it, and why they don't work here. */
export const skipped: readonly Skipped[] = chosen.skipped;

/** The instruction set that searches use, `none` without one. */
export const simd: string = engine.simd();

/** The sum of two int32. @throws {AddonError} `overflow` when it is none; `invalid_argument`, `out_of_range`. */
export function add(a: number, b: number): number {
  if (!isInt32(a) || !isInt32(b)) throw notInt32(a, b);
  const sum = engine.add(a, b);
  // C wraps around; the sum has another sign than both operands exactly when it did.
  if (((a ^ sum) & (b ^ sum)) < 0) {
    throw new AddonError("overflow", `${a} + ${b} does not fit into an int32.`);
  }
  return sum;
}

/** The square root. @throws {AddonError} `out_of_range` for NaN, infinities and negative numbers. */
export function sqrt(x: number): number {
  return engine.sqrt(checkFinite("x", x, 0));
}

// The package's entry: the public functions and classes, on the backend that src/default-engine.ts has chosen.
// For consumers whose TypeScript does not know `Disposable`:
/// <reference lib="esnext.disposable" preserve="true" />
import type { Skipped } from "./backends.ts";
import { requireInteger, requireNonNegative } from "./check.ts";
import { defaultEngine, skipped as skippedBackends } from "./default-engine.ts";
import type { Backend } from "./engine.ts";
import { AddonError } from "./errors.ts";

export type { Accept, Backend, Hit, Metric } from "./engine.ts";
export { AddonError, type AddonErrorCode } from "./errors.ts";
export { VectorIndex, type VectorIndexOptions } from "./vector-index.ts";

/** Which implementation runs. `FFI_BACKEND` forces one. */
export const backend: Backend = defaultEngine.backend;

/** The backends that were tried before `backend`, and why each does not work here. */
export const skipped: readonly Skipped[] = skippedBackends;

/** The instruction set that searches use, `none` without one. */
export const simd: string = defaultEngine.simd();

const requireInt32 = (name: string, value: unknown): number =>
  requireInteger(name, value, -(2 ** 31), 2 ** 31 - 1);

/** The sum of two int32. @throws {AddonError} `overflow` if it is not an int32; `invalid_argument`, `out_of_range`. */
export function add(a: number, b: number): number {
  const sum = defaultEngine.add(requireInt32("a", a) | 0, requireInt32("b", b) | 0);
  // C wraps around on overflow.
  if (sum !== a + b) {
    throw new AddonError("overflow", `${a} + ${b} does not fit into an int32.`);
  }
  return sum;
}

/** The square root. @throws {AddonError} `out_of_range` for NaN, infinities and negative numbers. */
export function sqrt(x: number): number {
  return defaultEngine.sqrt(requireNonNegative("x", x));
}

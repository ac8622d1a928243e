// Argument checks. bun:ffi coerces in silence (missing is 0, 2^31 wraps), so nothing reaches C unchecked.
import { types } from "node:util";
import type { Accept } from "./engine.ts";
import { AddonError } from "./errors.ts";

/** Safe for any value: never calls into it. */
function describe(value: unknown): string {
  if (typeof value === "number") return String(value);
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

export function isInt32(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

/** The error for the first of `values` that is no int32. */
export function notInt32(...values: readonly unknown[]): AddonError {
  const wrong = values.find((value) => !isInt32(value));
  return new AddonError(
    typeof wrong === "number" ? "out_of_range" : "invalid_argument",
    `Expected an integer from -2^31 to 2^31 - 1, got ${describe(wrong)}.`,
  );
}

export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") {
    throw new AddonError("invalid_argument", `${name} must be a number, got ${describe(value)}.`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new AddonError(
      "out_of_range",
      `${name} must be an integer from ${min} to ${max}, got ${value}.`,
    );
  }
  return value;
}

/** A finite number of at least `min`. */
export function checkFinite(name: string, value: unknown, min: number): number {
  if (typeof value !== "number") {
    throw new AddonError("invalid_argument", `${name} must be a number, got ${describe(value)}.`);
  }
  if (value >= min && value < Number.POSITIVE_INFINITY) return value;
  throw new AddonError(
    "out_of_range",
    `${name} must be finite and at least ${min}, got ${describe(value)}.`,
  );
}

export function checkObject<T extends object>(name: string, value: T): T {
  if (typeof value === "object" && value !== null) return value;
  throw new AddonError("invalid_argument", `${name} must be an object, got ${describe(value)}.`);
}

export function checkPath(value: unknown): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw new AddonError("invalid_argument", "path must be a non-empty string without NUL.");
}

/** The getters of %TypedArray%: a caller can shadow `view.length`, but not these. */
function intrinsic(name: "buffer" | "length"): (view: Float32Array) => unknown {
  const prototype: object = Object.getPrototypeOf(Float32Array.prototype);
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (!getter) throw new TypeError(`%TypedArray%.prototype.${name} is not a getter`);
  return (view) => getter.call(view);
}
const bufferOf = intrinsic("buffer");
const lengthOf = intrinsic("length");

/**
 * How many numbers a real, readable Float32Array holds. Shared memory is refused: another thread could
 * write between the check and the use.
 */
export function checkVector(name: string, value: unknown): number {
  if (!types.isFloat32Array(value)) {
    throw new AddonError(
      "invalid_argument",
      `${name} must be a Float32Array, got ${describe(value)}.`,
    );
  }
  const buffer = bufferOf(value);
  if (!types.isArrayBuffer(buffer)) {
    throw new AddonError("invalid_argument", `${name} must not be shared: pass a copy of it.`);
  }
  const length = Number(lengthOf(value));
  if (buffer.detached || (length === 0 && buffer.resizable)) {
    throw new AddonError("detached", `${name} has lost its memory: it was transferred or shrunk.`);
  }
  return length;
}

/** The answer of `accept`. A promise, say, is always truthy: it is refused. */
export function askAccept(accept: Accept, id: number): boolean {
  const kept: unknown = accept(id);
  if (typeof kept === "boolean") return kept;
  throw new AddonError("invalid_argument", "accept must return true or false, and no promise.");
}

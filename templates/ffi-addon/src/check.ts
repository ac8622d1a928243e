// Argument checks: bun:ffi converts silently (a missing argument to 0, 2^31 to -2^31), so every argument is checked before C.
import { types } from "node:util";
import type { Accept } from "./engine.ts";
import { AddonError } from "./errors.ts";

/** Names a value's type for a message. Runs no code of the value, such as a getter or a proxy's trap. */
function describe(value: unknown): string {
  if (typeof value === "number" || value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (types.isProxy(value)) return "a Proxy";
  if (types.isPromise(value)) return "a Promise";
  if (Array.isArray(value)) return "an array";
  const typeName = getTypeName(value);
  if (typeName === undefined) return "an object";
  return `${String(typeName).startsWith("I") ? "an" : "a"} ${typeName}`;
}

export function requireInteger(name: string, value: unknown, min: number, max: number): number {
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

/** @returns a finite number of at least 0. */
export function requireNonNegative(name: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new AddonError("invalid_argument", `${name} must be a number, got ${describe(value)}.`);
  }
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new AddonError("out_of_range", `${name} must be finite and at least 0, got ${value}.`);
}

export function requireObject<T extends object>(name: string, value: T): T {
  if (typeof value === "object" && value !== null) return value;
  throw new AddonError("invalid_argument", `${name} must be an object, got ${describe(value)}.`);
}

export function requirePath(value: unknown): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw new AddonError("invalid_argument", "path must be a non-empty string without NUL.");
}

/**
 * Returns a function that reads a property with the built-in getter. Reading `view.length` directly would use a property
 * that the caller has defined on the view: a false length, or a getter that closes the index between check and call.
 */
function findGetter(prototype: object, name: string | symbol) {
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (!getter) throw new TypeError(`${String(name)} is not a getter`);
  return (value: object): unknown => getter.call(value);
}
const typedArray: object = Object.getPrototypeOf(Float32Array.prototype);
const getBuffer = findGetter(typedArray, "buffer");
const getByteOffset = findGetter(typedArray, "byteOffset");
const getLength = findGetter(typedArray, "length");
/** For example `Float64Array`; undefined if the value is not a typed array. */
const getTypeName = findGetter(typedArray, Symbol.toStringTag);
const { at } = Float32Array.prototype;

interface ViewConstructor<View> {
  readonly name: string;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): View;
}

/**
 * Returns a clean view of the same memory: a real, readable typed array without the properties that a caller may have
 * added, because an own `length` would let C read beyond the end. Shared memory is refused, because another thread could
 * write between the check and the use.
 * @param type the class, for example `Uint8Array` for bytes; a Buffer is one, too.
 */
export function requireView<View>(name: string, value: unknown, type: ViewConstructor<View>): View {
  if (!ArrayBuffer.isView(value) || getTypeName(value) !== type.name) {
    throw new AddonError(
      "invalid_argument",
      `${name} must be a ${type.name}, got ${describe(value)}.`,
    );
  }
  const buffer = getBuffer(value);
  if (!types.isArrayBuffer(buffer)) {
    throw new AddonError("invalid_argument", `${name} must not be shared: pass a copy of it.`);
  }
  try {
    at.call(value, 0); // throws if the view does not fit its buffer
  } catch {
    throw new AddonError("detached", `${name} has lost its memory: it was transferred or shrunk.`);
  }
  return new type(buffer, Number(getByteOffset(value)), Number(getLength(value)));
}

/** Calls `accept`. A promise is always truthy, so everything but a boolean is refused. */
export function askAccept(accept: Accept, id: number): boolean {
  const kept: unknown = accept(id);
  if (typeof kept === "boolean") return kept;
  throw new AddonError(
    "invalid_argument",
    `accept must return true or false, got ${describe(kept)}.`,
  );
}

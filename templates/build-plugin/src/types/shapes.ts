// Infers TypeScript types from values, with an interface for each object type.
import { isPlainObject } from "../module.ts";
import { UniqueNames } from "../unique-names.ts";

export class Shapes {
  readonly #names = new UniqueNames("", 2);
  readonly #interfaces = new Map<string, string>();

  /** The text of the interfaces that the added types use. */
  get declarations(): readonly string[] {
    return [...this.#interfaces.values()];
  }

  /** Returns the type of a value. Interfaces are named after `name` and the keys that lead to them. */
  add(name: string, value: unknown): string {
    return this.#union(name, [value]);
  }

  /** Returns the union of the types of these values. */
  #union(name: string, values: readonly unknown[]): string {
    const arrays = values.filter((value) => Array.isArray(value));
    const objects = values.filter(isPlainObject);
    const simple = values
      .filter((value) => !Array.isArray(value) && !isPlainObject(value))
      .map(simpleType);
    const types = new Set(simple);
    if (objects.length > 0) types.add(this.#interface(name, objects));
    if (arrays.length > 0) types.add(`ReadonlyArray<${this.#union(name, arrays.flat())}>`);
    return [...types].toSorted().join(" | ") || "never";
  }

  /** Keys that are missing in some of the objects are optional. */
  #interface(wanted: string, objects: readonly Readonly<Record<string, unknown>>[]): string {
    const valuesByKey = new Map<string, unknown[]>();
    for (const [key, value] of objects.flatMap(Object.entries)) {
      const values = valuesByKey.get(key);
      if (values === undefined) valuesByKey.set(key, [value]);
      else values.push(value);
    }
    if (valuesByKey.size === 0) return "Readonly<Record<string, never>>";
    const name = this.#names.take(wanted);
    this.#interfaces.set(name, ""); // before the interfaces that it uses
    const members = [...valuesByKey].map(([key, values]) => {
      const optional = values.length < objects.length ? "?" : "";
      return `  readonly ${propertyName(key)}${optional}: ${this.#union(pascal(key), values)};`;
    });
    this.#interfaces.set(name, [`interface ${name} {`, ...members, "}"].join("\n"));
    return name;
  }
}

function simpleType(value: unknown): string {
  if (value === null) return "null";
  return value instanceof Date ? "Date" : typeof value;
}

function propertyName(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

/** `first-name` → `FirstName`; a key without letters becomes `Item`. */
function pascal(key: string): string {
  const words = key.match(/[A-Za-z][A-Za-z\d]*/g) ?? ["Item"];
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return RESERVED.has(name) ? `${name}Item` : name;
}

/** Names that a declaration uses for other types. */
const RESERVED = new Set(["Content", "NonNullable", "ReadonlyArray", "Readonly", "Record", "Date"]);

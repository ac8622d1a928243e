// The types of values: an interface for each kind of object in them.
import { hasKeys } from "./module.ts";

export class Shapes {
  readonly #interfaces = new Map<string, string>();

  /** Text of the interfaces that the added types name. */
  get declarations(): readonly string[] {
    return [...this.#interfaces.values()];
  }

  /** The type of a value; interfaces in it are named after `name` and the keys that lead to them. */
  add(name: string, value: unknown): string {
    return this.#union(name, [value]);
  }

  /** One type that all these values have. */
  #union(name: string, values: readonly unknown[]): string {
    const arrays = values.filter((value) => Array.isArray(value));
    const objects = values.filter(hasKeys);
    const simple = values
      .filter((value) => !Array.isArray(value) && !hasKeys(value))
      .map(simpleType);
    const types = new Set(simple);
    if (objects.length > 0) types.add(this.#interface(name, objects));
    if (arrays.length > 0) types.add(`ReadonlyArray<${this.#union(name, arrays.flat())}>`);
    return [...types].toSorted().join(" | ") || "never";
  }

  /** Keys that only some of the objects have are optional. */
  #interface(wanted: string, objects: readonly Readonly<Record<string, unknown>>[]): string {
    const keys = [...new Set(objects.flatMap(Object.keys))];
    if (keys.length === 0) return "Readonly<Record<string, never>>";
    const name = this.#freeName(wanted);
    this.#interfaces.set(name, "");
    const members = keys.map((key) => {
      const having = objects.filter((object) => Object.hasOwn(object, key));
      const type = this.#union(
        pascal(key),
        having.map((object) => object[key]),
      );
      const optional = having.length < objects.length ? "?" : "";
      return `  readonly ${propertyName(key)}${optional}: ${type};`;
    });
    this.#interfaces.set(name, [`interface ${name} {`, ...members, "}"].join("\n"));
    return name;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#interfaces.has(name); count++) name = `${wanted}${count}`;
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

/** `first-name` → `FirstName`; what is left without letters is an `Item`. */
function pascal(key: string): string {
  const words = key.match(/[A-Za-z][A-Za-z\d]*/g) ?? ["Item"];
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return TAKEN.has(name) ? `${name}Item` : name;
}

/** Names that a declaration uses for something else. */
const TAKEN = new Set([
  "Content",
  "Heading",
  "NonNullable",
  "ReadonlyArray",
  "Readonly",
  "Record",
  "Date",
]);

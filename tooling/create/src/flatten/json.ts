// Prints JSON as Biome does, so that a created project has nothing to format.
import { LINE_WIDTH } from "./lines.ts";

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Prints a package.json: Biome, like npm, puts every element on its own line. */
export const printManifest = (value: JsonObject): string => `${JSON.stringify(value, null, 2)}\n`;

/** Prints any other JSON file: each member of an object on its own line, an array on one line if it fits. */
export const printJson = (value: Json): string => `${print(value, "", 0)}\n`;

function print(value: Json, indent: string, column: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (isArray(value)) {
    const flat = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const scalars = value.every((item) => typeof item !== "object" || item === null);
    // Leave one column for a comma.
    if (value.length === 0 || (scalars && column + flat.length < LINE_WIDTH)) return flat;
    return enclosed(
      "[",
      value.map((item) => print(item, inner, inner.length)),
      "]",
      indent,
    );
  }
  const members = Object.entries(value).map(([key, item]) => {
    const start = `${JSON.stringify(key)}: `;
    return start + print(item, inner, inner.length + start.length);
  });
  return members.length === 0 ? "{}" : enclosed("{", members, "}", indent);
}

function enclosed(open: string, items: readonly string[], close: string, indent: string): string {
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

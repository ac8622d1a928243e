// The cursor of a page: `next` in a response, `after` in the next request. Opaque to clients, and validated.
import { z } from "zod";
import { Problem } from "#lib/http";
import { type Position, type Sort, sorts } from "./filter.ts";

const cursor = z.tuple([
  z.enum(sorts),
  z.union([z.string(), z.literal([0, 1])]),
  z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
]);

export function encodeCursor(sort: Sort, [value, id]: Position): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString("base64url");
}

/** @throws {Problem} 422 unless it is the cursor of a list with this sort. */
export function decodeCursor(text: string, sort: Sort): Position {
  const [by, value, id] = cursor.safeParse(parse(text)).data ?? [];
  const fits = by === sort && typeof value === (sort === "rank" ? "number" : "string");
  if (fits && value !== undefined && id !== undefined && isStorable(sort, value)) {
    return [value, id];
  }
  throw new Problem(422, "The cursor is not valid.", {
    errors: [{ pointer: "/after", detail: "is not the `next` of a list with this sort" }],
  });
}

/** Refuses a year 0, a time that is not in milliseconds, and a NUL in a text, which some engines reject with an error that would become a 500. */
function isStorable(sort: Sort, value: string | number): boolean {
  if (typeof value === "number") return true;
  return sort.endsWith("At")
    ? z.iso.datetime({ precision: 3 }).safeParse(value).success && value >= "0001"
    : value.isWellFormed() && !value.includes("\0");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    // Not a cursor; the schema refuses undefined.
    return undefined;
  }
}

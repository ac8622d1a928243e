// The `next` of a page and the `after` of the next one: opaque to clients, checked like everything that they send.
import { z } from "zod";
import { Problem } from "#lib/problem";
import { type Sort, sorts } from "../schemas.ts";
import type { Position } from "../store/filter.ts";

const cursor = z.tuple([
  z.enum(sorts),
  z.union([z.string(), z.number()]),
  z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
]);

export function encodeCursor(sort: Sort, [value, id]: Position): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString("base64url");
}

/** @throws {Problem} 422 unless it is a cursor of a list in this order. */
export function decodeCursor(text: string, sort: Sort): Position {
  const [by, value, id] = cursor.safeParse(parse(text)).data ?? [];
  const fits = by === sort && typeof value === (sort === "rank" ? "number" : "string");
  if (fits && value !== undefined && id !== undefined && isSound(sort, value)) return [value, id];
  throw new Problem(422, "The page can't be continued.", {
    errors: [{ pointer: "/after", detail: "is not the `next` of a list with this sort" }],
  });
}

/** A value that PostgreSQL can't hold would fail there: it knows no year 0, and no NUL in a text. */
function isSound(sort: Sort, value: string | number): boolean {
  if (typeof value === "number") return true;
  return sort.endsWith("At")
    ? z.iso.datetime().safeParse(value).success && value >= "0001"
    : value.isWellFormed() && !value.includes("\0");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}

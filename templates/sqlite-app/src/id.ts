// Ids in paths: positive integers in decimal digits.
import { Problem } from "#lib/http";

/** PostgreSQL stores ids in 32 bits. */
const MAX_ID = 2 ** 31 - 1;

/**
 * A path segment for an id. Because it matches digits only, `/api/articles/export` is never taken for an
 * article, and a method that it does not support is 405.
 */
export const ID = ":id{[1-9][0-9]*}";

/** @throws {Problem} 404 for a number that cannot be an id. */
export function parseId(segment: string): number {
  const id = Number(segment);
  if (id <= MAX_ID) return id;
  throw new Problem(404, `There is nothing with the id ${segment}.`);
}

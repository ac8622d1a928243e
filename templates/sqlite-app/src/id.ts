// Ids in paths: positive integers in decimal digits.
import { Problem } from "#lib/http";

/** Ids have 32 bits, which every engine can store. */
const MAX_ID = 2 ** 31 - 1;

/** Path pattern of an id. It only matches digits, so that it never matches a path such as `/api/users/me`. */
export const ID = ":id{[1-9][0-9]*}";

/** @throws {Problem} 404 for a number that cannot be an id. */
export function parseId(text: string): number {
  const id = Number(text);
  if (id <= MAX_ID) return id;
  throw new Problem(404, `There is nothing with the id ${text}.`);
}

// Tokens for the tests.
import { sign } from "hono/jwt";

export const SECRET = "a secret of the tests, with 32 bytes or more";

export interface Claims {
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly exp?: number;
  readonly [name: string]: unknown;
}

/** A token that `SECRET` signs. */
export function tokenOf(claims: Claims): Promise<string> {
  return sign({ ...claims }, SECRET, "HS256");
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

export const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

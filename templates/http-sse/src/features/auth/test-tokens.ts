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

/** A token with any header: Hono's `sign` always sets the type `JWT`. */
export async function signWith(
  header: Readonly<Record<string, string>>,
  claims: Claims,
  algorithm: Parameters<typeof crypto.subtle.sign>[0],
  key: CryptoKey,
): Promise<string> {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const content = `${encode(header)}.${encode(claims)}`;
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(content));
  return `${content}.${Buffer.from(signature).toString("base64url")}`;
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

export const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

// Bearer tokens (RFC 6750): 256 random bits for the client, their SHA-256 for the database.
import type { BunRequest } from "bun";
import { Problem } from "#lib/problem";
import type { Store } from "../store/store.ts";

const TOKEN = /^Bearer +([\w-]{43})$/i;

export function newToken(): { readonly token: string; readonly tokenHash: Uint8Array } {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { token, tokenHash: hashToken(token) };
}

/** A token has 256 random bits, so a fast hash without salt is enough: there is nothing to guess. */
function hashToken(token: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}

/** Id of the user whose request it is. @throws {Problem} 401 without a token that is good. */
export async function authenticate(request: BunRequest, store: Store): Promise<number> {
  const user = await store.findSession(presentedHash(request));
  if (user === undefined)
    throw unauthorized("The token is unknown or over: sign in again.", "invalid_token");
  return user;
}

/** Hash of the token that the request brings. @throws {Problem} 401 if it brings none. */
export function presentedHash(request: BunRequest): Uint8Array {
  const token = TOKEN.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined)
    throw unauthorized("Send `Authorization: Bearer <token>`; POST /api/sessions gives one.");
  return hashToken(token);
}

function unauthorized(detail: string, error?: string): Problem {
  const challenge = error === undefined ? "Bearer" : `Bearer error="${error}"`;
  return new Problem(401, detail, { headers: { "www-authenticate": challenge } });
}

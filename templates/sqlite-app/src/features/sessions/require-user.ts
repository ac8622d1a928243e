// Bearer tokens (RFC 6750): 256 random bits for the client, their SHA-256 for the database.
import type { Env } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { Problem } from "#lib/http";
import type { UserStore } from "../users/store.ts";

/** The variables that `requireUser` adds to the context. */
export interface UserEnv extends Env {
  Variables: { userId: number; tokenHash: Uint8Array };
}

export function newToken(): { readonly token: string; readonly tokenHash: Uint8Array } {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { token, tokenHash: hashToken(token) };
}

/** A fast hash without a salt is enough, because a token has 256 random bits and cannot be guessed. */
function hashToken(token: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}

/** Returns an option of `bearerAuth` that throws instead of returning a message, so that the response is problem+json. */
function rejectWith(detail: string, challenge: string) {
  const message = (): never => {
    throw new Problem(401, detail, { headers: { "www-authenticate": challenge } });
  };
  return { message };
}

const MISSING = rejectWith(
  "Send `Authorization: Bearer <token>` with a token from POST /api/sessions.",
  "Bearer",
);

/**
 * Middleware: `c.get("userId")` is the user whose token the request carries.
 * @throws {Problem} 401 if the token is missing, malformed, unknown or expired.
 */
export function requireUser(users: UserStore) {
  const authenticate = bearerAuth<UserEnv>({
    verifyToken: async (token, c) => {
      const tokenHash = hashToken(token);
      const userId = await users.findSession(tokenHash);
      if (userId === undefined) return false;
      c.set("userId", userId);
      c.set("tokenHash", tokenHash);
      return true;
    },
    noAuthenticationHeader: MISSING,
    invalidAuthenticationHeader: MISSING,
    invalidToken: rejectWith(
      "The token is unknown or expired: sign in again.",
      'Bearer error="invalid_token"',
    ),
  });
  // For a description of the API.
  return Object.assign(authenticate, { security: [{ bearer: [] }] });
}

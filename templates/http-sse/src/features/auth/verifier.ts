// Verifies tokens with the shared secret, or with the public keys of a key set.
import { verify, verifyWithJwks } from "hono/jwt";
import { StartError } from "#lib/service";
import type { Env } from "../../env.ts";
import { KeySet } from "./key-set.ts";

/** Returns the claims of a token. Rejects if it is malformed, forged, expired, or has another audience or issuer. */
export type Verify = (token: string) => Promise<unknown>;

const ASYMMETRIC = [
  ...(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const),
  ...(["ES256", "ES384", "ES512", "EdDSA"] as const),
];

/** @returns undefined if neither AUTH_SECRET nor AUTH_JWKS is set. @throws {StartError} */
export async function openVerifier(env: Env): Promise<Verify | undefined> {
  const { AUTH_SECRET: secret, AUTH_JWKS: jwks, AUTH_AUDIENCE: aud, AUTH_ISSUER: iss } = env;
  if (secret !== undefined && jwks !== undefined) {
    throw new StartError(
      "AUTH_SECRET and AUTH_JWKS are both set.",
      "Set AUTH_SECRET for tokens of your own, or AUTH_JWKS for those of an identity provider.",
    );
  }
  const verification = {
    // `iat` is not checked: if the issuer's clock is ahead of ours, a new token would be refused.
    iat: false,
    ...(aud === undefined ? {} : { aud }),
    ...(iss === undefined ? {} : { iss }),
  };
  if (secret !== undefined) {
    // Imported as a key, because Hono parses a string that contains "PUBLIC" or "PRIVATE" as a PEM file.
    const bytes = new TextEncoder().encode(secret);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
    return (token) => verify(token, key, { alg: "HS256", ...verification });
  }
  if (jwks === undefined) return undefined;
  const keySet = await KeySet.open(jwks);
  return async (token) =>
    verifyWithJwks(token, {
      keys: await keySet.keys(token),
      verification,
      allowedAlgorithms: ASYMMETRIC,
    });
}

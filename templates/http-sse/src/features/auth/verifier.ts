// Verifies tokens with the shared secret, or with the public keys of a key set.
import { decode, verify } from "hono/jwt";
import { StartError } from "#lib/service";
import type { Env } from "../../env.ts";
import { KeySet } from "./key-set.ts";

/** Returns the claims of a token. Rejects if it is malformed, forged, expired, or has another audience or issuer. */
export type Verify = (token: string) => Promise<unknown>;

const ASYMMETRIC: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA"],
];

class UnknownKeyError extends Error {
  override readonly name = "UnknownKeyError";
}

/** @returns undefined if neither AUTH_SECRET nor AUTH_JWKS is set. @throws {StartError} */
export async function openVerifier(env: Env): Promise<Verify | undefined> {
  const { AUTH_SECRET: secret, AUTH_JWKS: jwks, AUTH_AUDIENCE: aud, AUTH_ISSUER: iss } = env;
  if (secret !== undefined && jwks !== undefined) {
    throw new StartError(
      "AUTH_SECRET and AUTH_JWKS are both set.",
      "Set AUTH_SECRET for tokens of your own, or AUTH_JWKS for those of an identity provider.",
    );
  }
  const optionsFor = (token: string) => ({
    // `iat` is not checked: if the issuer's clock is ahead of ours, a new token would be refused. For the same reason,
    // `nbf` is checked in authenticate.ts, with a tolerance.
    iat: false,
    nbf: false,
    ...(aud === undefined ? {} : { aud }),
    ...(iss === undefined ? {} : { iss }),
    // `at+jwt` is the type of access tokens in RFC 9068. Hono accepts a token without a type only if this is not set.
    ...(decode(token).header.typ === undefined ? {} : { typ: ["JWT", "at+jwt"] }),
  });
  if (secret !== undefined) {
    // Imported as a key, because Hono parses a string that contains "PUBLIC" or "PRIVATE" as a PEM file.
    const bytes = new TextEncoder().encode(secret);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
    return async (token) => verify(token, key, { alg: "HS256", ...optionsFor(token) });
  }
  if (jwks === undefined) return undefined;
  const keySet = await KeySet.open(jwks);
  return async (token) => {
    const { alg, kid } = decode(token).header;
    const keys = ASYMMETRIC.includes(alg) ? await keySet.keys(kid) : [];
    let failure: unknown = new UnknownKeyError();
    // More than one if the token names no key.
    for (const key of keys.filter((key) => (key.alg ?? alg) === alg)) {
      try {
        return await verify(token, key, { alg, ...optionsFor(token) });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };
}

// The session: a cookie with id, name and expiry, signed by Hono. The server stores nothing about it.
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import type { User } from "../../protocol.ts";

const COOKIE = "chat_session";
/** Seconds that a session lasts. */
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

interface Claims extends User {
  /** Milliseconds since the epoch. Browsers may keep a cookie longer than `Max-Age`. */
  readonly expires: number;
}

/** The user whose cookie the request carries; undefined if it is missing, forged or expired. */
export async function readSession(c: Context, secret: string): Promise<User | undefined> {
  const payload = await getSignedCookie(c, secret, COOKIE);
  if (!payload) return undefined;
  // The signature is valid, so the payload is what `writeSession` encoded.
  const claims: Claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const { id, name, expires } = claims;
  return Date.now() < expires ? { id, name } : undefined;
}

export async function writeSession(c: Context, secret: string, { id, name }: User): Promise<void> {
  const claims: Claims = { id, name, expires: Date.now() + SESSION_SECONDS * 1000 };
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  await setSignedCookie(c, COOKIE, payload, secret, {
    ...attributes(c),
    maxAge: SESSION_SECONDS,
  });
}

export function deleteSession(c: Context): void {
  deleteCookie(c, COOKIE, attributes(c));
}

/** `Secure` if the browser uses HTTPS; behind a proxy that terminates TLS, only the proxy knows. */
function attributes(c: Context) {
  const forwarded = c.req.header("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase();
  const secure = forwarded === "https" || c.req.url.startsWith("https:");
  return { path: "/", httpOnly: true, sameSite: "Lax", secure } as const;
}

// The session: a cookie with user and expiry, signed by Hono. The server stores only the ids of ended sessions.
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import type { User } from "../../protocol.ts";
import { randomId } from "../../random-id.ts";

const COOKIE = "chat_session";
/** Seconds that a session lasts. */
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

export interface Session {
  /** Signing out ends the session with this id, and not the others of the same user. */
  readonly id: string;
  readonly user: User;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** The content of the cookie. */
interface Claims extends User {
  /** Id of the session. */
  readonly session: string;
  /** In milliseconds since the epoch. Signed, because a client may keep a cookie longer than `Max-Age`. */
  readonly expires: number;
}

/** The session whose cookie the request carries; undefined if it is missing, forged or expired. */
export async function readSession(c: Context, secret: string): Promise<Session | undefined> {
  const payload = await getSignedCookie(c, secret, COOKIE);
  if (!payload) return undefined;
  // The signature is valid, so the payload is what `writeSession` encoded.
  const claims: Claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const { id, name, expires, session } = claims;
  return Date.now() < expires ? { id: session, user: { id, name }, expires } : undefined;
}

/** A session with this name: a new one, or `current` with a new expiry. */
export function newSession(name: string, current?: Session): Session {
  const { id = randomId(), user, expires: before = 0 } = current ?? {};
  // Later than before, also within a millisecond or after the clock was set back: the latest name is the one that counts.
  const expires = Math.max(Date.now() + SESSION_SECONDS * 1000, before + 1);
  return { id, user: { id: user?.id ?? randomId(), name }, expires };
}

/** When the last cookie of the session expires: a rename writes a cookie that lasts longer than earlier ones. */
export function lastExpiry({ expires }: Session): number {
  return Math.max(expires, Date.now() + SESSION_SECONDS * 1000);
}

export async function writeSession(c: Context, secret: string, session: Session): Promise<void> {
  const { id, user, expires } = session;
  const claims: Claims = { ...user, session: id, expires };
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  const options = { ...attributes(c), maxAge: SESSION_SECONDS };
  await setSignedCookie(c, COOKIE, payload, secret, options);
}

export function deleteSession(c: Context): void {
  deleteCookie(c, COOKIE, attributes(c));
}

/** `Secure` if the browser uses HTTPS; behind a proxy that terminates TLS, only the proxy knows. */
function attributes(c: Context) {
  // Each proxy may append a value; the first one is the browser's. `Forwarded` is RFC 7239.
  const standard = /^[^,]*\bproto="?(\w+)/i.exec(c.req.header("forwarded") ?? "")?.[1];
  const protocol = c.req.header("x-forwarded-proto")?.split(",")[0]?.trim() || standard;
  const secure = protocol?.toLowerCase() === "https" || c.req.url.startsWith("https:");
  return { path: "/", httpOnly: true, sameSite: "Lax", secure } as const;
}

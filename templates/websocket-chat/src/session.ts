// Who is calling: a signed cookie with id, name and expiry. Nothing about a session is stored.
import { createHmac, timingSafeEqual } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Person } from "./protocol.ts";

export const COOKIE = "chat_session";
/** Seconds that a session lasts. */
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

/** The cookie's value: the claims and their HMAC-SHA256, both base64url, a dot between. */
export function sign(person: Person, secret: string, now = Date.now()): string {
  const claims = { ...person, expires: now + SESSION_SECONDS * 1000 };
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${payload}.${mac(payload, secret).toString("base64url")}`;
}

/** The person whose cookie it is, or undefined if it is forged, damaged or expired. */
export function verify(cookie: string, secret: string, now = Date.now()): Person | undefined {
  const [payload = "", signature = "", ...rest] = cookie.split(".");
  const given = Buffer.from(signature, "base64url");
  const expected = mac(payload, secret);
  if (rest.length > 0 || given.length !== expected.length) return undefined;
  if (!timingSafeEqual(given, expected)) return undefined;
  // The signature is ours, so the claims are what `sign` wrote.
  const { id, name, expires } = JSON.parse(Buffer.from(payload, "base64url").toString());
  return now < expires ? { id, name } : undefined;
}

/** The person who sent the request, or undefined. */
export function personOf(request: Request, secret: string): Person | undefined {
  const cookie = new Bun.CookieMap(request.headers.get("cookie") ?? "").get(COOKIE);
  return cookie ? verify(cookie, secret) : undefined;
}

/** `Set-Cookie` of a new session; `Secure` where the browser came over TLS. */
export function sessionCookie(person: Person, secret: string, request: Request): string {
  const https =
    request.url.startsWith("https:") || request.headers.get("x-forwarded-proto") === "https";
  return new Bun.Cookie(COOKIE, sign(person, secret), {
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: https,
    maxAge: SESSION_SECONDS,
  }).serialize();
}

/**
 * A secret for development, made once and kept in `directory`: sessions survive a restart.
 * In production the environment has to bring one.
 */
export async function developmentSecret(directory: string): Promise<string> {
  const file = join(directory, "session-secret");
  const draft = `${file}.${crypto.randomUUID()}`;
  await mkdir(directory, { recursive: true });
  await writeFile(draft, crypto.randomUUID(), { mode: 0o600 });
  try {
    // A link is there whole or not at all, so of several processes one makes the secret.
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
  return await readFile(file, "utf8");
}

function mac(payload: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(payload).digest();
}

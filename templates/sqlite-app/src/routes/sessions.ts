// POST /api/sessions: sign in, for a bearer token. DELETE /api/sessions: end the session of the token that is sent.
import { Problem, readJson } from "#lib/problem";
import { RateLimiter, rateLimitHeaders } from "#lib/rate-limit";
import type { Passwords } from "../auth/passwords.ts";
import { newToken, presentedHash } from "../auth/tokens.ts";
import { credentials } from "../schemas.ts";
import type { Handler, Routes, Services } from "./group.ts";
import { clientOf } from "./parameters.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function sessions({ env, store }: Services, passwords: Passwords): Routes {
  const limit = env.LOGIN_RATE_LIMIT;
  const perAccount = new RateLimiter({ limit, windowMs: MINUTE });
  const perAddress = new RateLimiter({ limit: limit * 30, windowMs: MINUTE });

  /** Counts an attempt. @throws {Problem} 429. Returns the headers that tell how many are left. */
  const take = (limiter: RateLimiter, client: string): Record<string, string> => {
    const result = limiter.take(client);
    const headers = rateLimitHeaders(limiter.options, result);
    if (result.allowed) return headers;
    throw new Problem(429, "Too many attempts to sign in.", { headers });
  };

  const create: Handler = async (request, server) => {
    const { email, password } = await readJson(request, credentials);
    const address = clientOf(request, server, env.CLIENT_IP_HEADER);
    take(perAddress, address);
    const headers = take(perAccount, `${address} ${email.toLowerCase()}`);
    const user = await store.findPassword(email);
    // The same work and the same answer for an unknown user: neither tells who has an account.
    const fits = await passwords.verify(password, user?.hash);
    if (user === undefined || !fits) {
      throw new Problem(401, "The email or the password is wrong.", {
        headers: { ...headers, "www-authenticate": "Bearer" },
      });
    }
    const { token, tokenHash } = newToken();
    const expiresAt = new Date(Date.now() + env.SESSION_TTL_HOURS * HOUR);
    await store.createSession({ userId: user.id, tokenHash, expiresAt });
    return Response.json(
      { token, user: user.id, expiresAt },
      { status: 201, headers: { ...headers, "cache-control": "no-store" } },
    );
  };

  const end: Handler = async (request) => {
    await store.deleteSession(presentedHash(request));
    return new Response(null, { status: 204 });
  };

  return { "/api/sessions": { POST: create, DELETE: end } };
}

// POST /api/sessions: sign in for a bearer token. DELETE /api/sessions: end the session of the token.
import { Hono } from "hono";
import { z } from "zod";
import { type HttpEnv, Problem, validate } from "#lib/http";
import type { Env } from "../../env.ts";
import type { PasswordLimit } from "../users/password-limit.ts";
import { type Passwords, password } from "../users/passwords.ts";
import type { UserStore } from "../users/store.ts";
import { newToken, requireUser } from "./require-user.ts";

const HOUR_MS = 3_600_000;

const credentials = z.object({
  email: z.email().max(254),
  password,
});

export function sessionRoutes(
  env: Env,
  users: UserStore,
  passwords: Passwords,
  limit: PasswordLimit,
) {
  return new Hono<HttpEnv>()
    .post("/api/sessions", validate("json", credentials), async (c) => {
      const { email, password } = c.req.valid("json");
      limit.checkSignIn(c, email);
      const user = await users.findCredentials(email);
      // An unknown email takes as long and gets the same response as a wrong password, so that signing in reveals no account.
      const matches = await passwords.verify(password, user?.hash);
      if (!user || !matches) {
        throw new Problem(401, "The email or the password is wrong.", {
          headers: { "www-authenticate": "Bearer" },
        });
      }
      const { token, tokenHash } = newToken();
      const expiresAt = new Date(Date.now() + env.SESSION_TTL_HOURS * HOUR_MS);
      await users.createSession({ userId: user.id, tokenHash, expiresAt });
      const session = { token, user: user.id, expiresAt: expiresAt.toISOString() };
      return c.json(session, 201, { "cache-control": "no-store" });
    })
    .delete("/api/sessions", requireUser(users), async (c) => {
      await users.deleteSession(c.get("tokenHash"));
      return c.body(null, 204);
    });
}

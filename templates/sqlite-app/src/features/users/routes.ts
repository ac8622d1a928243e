// POST /api/users: sign up. GET /api/users/:id: a user.
import { Hono } from "hono";
import { z } from "zod";
import { type HttpEnv, Problem, validate } from "#lib/http";
import { ID, parseId } from "../../id.ts";
import { text } from "../../text.ts";
import type { PasswordLimit } from "./password-limit.ts";
import { type Passwords, password } from "./passwords.ts";
import type { UserStore } from "./store.ts";

const newUser = z.object({
  email: z.email().max(254),
  password: password.min(8),
  name: text(1, 100).default("Anonymous"),
});

export function userRoutes(users: UserStore, passwords: Passwords, limit: PasswordLimit) {
  return new Hono<HttpEnv>()
    .post("/api/users", validate("json", newUser), async (c) => {
      limit.checkSignUp(c);
      const { email, name, password } = c.req.valid("json");
      const passwordHash = await passwords.hash(password);
      const user = await users.createUser({ email, name, passwordHash });
      if (!user) throw new Problem(409, "There is already a user with this email.");
      return c.json(user, 201, { location: `/api/users/${user.id}` });
    })
    .get(`/api/users/${ID}`, async (c) => {
      const profile = await users.findProfile(parseId(c.req.param("id")));
      if (!profile) throw new Problem(404, "There is no such user.");
      return c.json(profile);
    });
}

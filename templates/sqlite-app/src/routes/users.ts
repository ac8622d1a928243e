// POST /api/users: sign up. GET /api/users/:id: a user with the newest articles, in one query.
import { Problem, readJson } from "#lib/problem";
import type { Passwords } from "../auth/passwords.ts";
import { newUser } from "../schemas.ts";
import type { Handler, Routes, Services } from "./group.ts";
import { idOf } from "./parameters.ts";

export function users({ store }: Services, passwords: Passwords): Routes {
  const create: Handler = async (request) => {
    const { email, name, password } = await readJson(request, newUser);
    const passwordHash = await passwords.hash(password);
    const user = await store.createUser({ email, name, passwordHash });
    if (user === undefined) throw new Problem(409, "There is a user with this email already.");
    return Response.json(user, { status: 201, headers: { location: `/api/users/${user.id}` } });
  };

  const read: Handler = async (request) => {
    const profile = await store.profile(idOf(request));
    if (profile === undefined) throw new Problem(404, "There is no such user.");
    return Response.json(profile);
  };

  return { "/api/users": { POST: create }, "/api/users/:id": { GET: read } };
}

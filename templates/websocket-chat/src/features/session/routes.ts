// GET, POST and DELETE /api/session: who the user is, sign in or rename, sign out.
import { Hono } from "hono";
import { Problem, validate } from "#lib/http";
import { sessionSchema } from "../../protocol.ts";
import { randomId } from "../../random-id.ts";
import { deleteSession, readSession, writeSession } from "./cookie.ts";

export function sessionRoutes(secret: string) {
  return (
    new Hono()
      // A page cannot see why its WebSocket was refused, so it asks here whether the session is valid.
      .get("/api/session", async (c) => {
        const user = await readSession(c, secret);
        if (!user) throw new Problem(401, "There is no session.");
        return c.json(user, 200, { "cache-control": "no-store" });
      })
      .post("/api/session", validate("json", sessionSchema), async (c) => {
        const current = await readSession(c, secret);
        const user = { id: current?.id ?? randomId(), name: c.req.valid("json").name };
        await writeSession(c, secret, user);
        return c.json(user, 201, { "cache-control": "no-store" });
      })
      .delete("/api/session", (c) => {
        deleteSession(c);
        return c.body(null, 204);
      })
  );
}

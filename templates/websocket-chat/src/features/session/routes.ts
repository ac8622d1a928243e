// GET, POST and DELETE /api/session: who the user is, sign in or rename, sign out.
import { Hono } from "hono";
import { Problem, validate } from "#lib/http";
import { sessionSchema } from "../../protocol.ts";
import type { Chat } from "../chat/connection.ts";
import { deleteSession, newSession, readSession, writeSession } from "./cookie.ts";
import { openSession } from "./ended-sessions.ts";

export function sessionRoutes(secret: string, { hub, stores }: Chat) {
  const { bus, endedSessions } = stores;
  return (
    new Hono()
      // A page cannot see why its WebSocket was refused, so it asks here whether the session is valid.
      .get("/api/session", async (c) => {
        const session = await openSession(c, secret, endedSessions);
        if (!session) throw new Problem(401, "There is no session.");
        return c.json(session.user, 200, { "cache-control": "no-store" });
      })
      .post("/api/session", validate("json", sessionSchema), async (c) => {
        const current = await openSession(c, secret, endedSessions);
        const session = newSession(c.req.valid("json").name, current);
        if (current) {
          // A new name is sent to every room of the user.
          hub.checkRateLimit(current.user, "message");
          await bus.signal({ type: "rename", session });
        }
        await writeSession(c, secret, session);
        return c.json(session.user, 201, { "cache-control": "no-store" });
      })
      .delete("/api/session", async (c) => {
        const session = await readSession(c, secret);
        // Repeated for a session that has ended already, because its signal may have failed.
        if (session) {
          // Stored before the signal: a handshake that starts after it must find the session ended.
          await endedSessions.end(session);
          await bus.signal({ type: "end-session", session: session.id });
        }
        deleteSession(c);
        return c.body(null, 204);
      })
  );
}

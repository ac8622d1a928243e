// GET /api/state, POST /api/increment: read the server's state and change it.
import { type Context, Hono } from "hono";
// #region live
import { scheduleBroadcast } from "../live/broadcast.ts";
// #endregion
import { currentState, state } from "./state.ts";

export function counterRoutes() {
  return new Hono().get("/api/state", respond).post("/api/increment", (c) => {
    state.count += 1;
    // #region live
    scheduleBroadcast();
    // #endregion
    return respond(c);
  });
}

function respond(c: Context) {
  return c.json(currentState(), 200, { "cache-control": "no-store" });
}

// Reads and changes the state.
import { Hono } from "hono";
import { broadcast, currentState, state } from "./state.ts";

export function counterRoutes() {
  return new Hono()
    .get("/api/state", (c) => c.json(currentState()))
    .post("/api/increment", (c) => {
      state.count += 1;
      broadcast();
      return c.json(currentState());
    });
}

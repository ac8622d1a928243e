// GET /openapi.json: the description of the API.
import { Hono } from "hono";
import { openapiDocument } from "./document.ts";

export function openapiRoutes() {
  return new Hono().get("/openapi.json", (c) => c.json(openapiDocument()));
}

// A typed client of the server's HTTP API.
import { hc } from "hono/client";
import type { App } from "../app.ts";

export const { api } = hc<App>(location.origin);

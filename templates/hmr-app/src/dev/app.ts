// The app in development: foreign requests are refused, and Bun's client in the page reaches the bundler.
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { type HttpEnv, problems } from "#lib/http";
import type { WebApp } from "#lib/service";
import { ownPagesOnly } from "./admission.ts";
import { bundlerRoutes } from "./routes.ts";

/** The requests of Bun's client are not logged. */
export function createDevApp(app: WebApp): WebApp {
  return new Hono<HttpEnv>()
    .onError(problems({ expose: true }))
    .use(ownPagesOnly())
    .use("/_bun/*", requestId())
    .route("/", bundlerRoutes())
    .all("*", (c) => app.fetch(c.req.raw, c.env));
}

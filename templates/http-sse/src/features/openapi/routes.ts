// GET /openapi.json and GET /docs: the description of the API, and a page that tries it.
import type { Hono } from "hono";
import { openapiRoutes } from "#lib/openapi";
import { name, version } from "../../../package.json";
import type { AppEnv } from "../../access.ts";
import { eventOperations } from "./events.ts";
// #region jobs
import { jobOperations } from "./jobs.ts";
// #endregion
import { messageOperations } from "./messages.ts";
// #region uploads
import { uploadOperations } from "./uploads.ts";

// #endregion

/** Summaries, responses and other details that the routes do not declare, by method and path. */
export const operations = {
  ...messageOperations,
  ...eventOperations,
  // #region uploads
  ...uploadOperations,
  // #endregion
  // #region jobs
  ...jobOperations,
  // #endregion
};

/** @param app describes its routes, also those that are added later. */
export function describeRoutes(app: Hono<AppEnv>) {
  return openapiRoutes(app, {
    title: name,
    version,
    operations,
    // #region auth
    securitySchemes: {
      bearer: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description:
          "Its claims `publish` and `subscribe` list topics. `?access_token=` is accepted, too. Not needed while the service has neither AUTH_SECRET nor AUTH_JWKS.",
      },
    },
    // #endregion
  });
}

// The OpenAPI 3.1 description of the API, generated from the same Zod schemas that validate requests.
import { createDocument } from "zod-openapi";
import { name, version } from "../../../package.json";
// #region jobs
import { analysisPaths } from "./analysis.ts";
// #endregion
import { eventPaths } from "./events.ts";
import { messagePaths } from "./messages.ts";
import { servicePaths } from "./service.ts";
// #region uploads
import { uploadPaths } from "./uploads.ts";
// #endregion

export function openapiDocument() {
  return createDocument({
    openapi: "3.1.0",
    info: { title: name, version },
    servers: [{ url: "/" }],
    paths: {
      ...messagePaths,
      ...eventPaths,
      // #region uploads
      ...uploadPaths,
      // #endregion
      // #region jobs
      ...analysisPaths,
      // #endregion
      ...servicePaths,
    },
  });
}

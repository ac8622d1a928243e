// The access of a client. Every route of the API declares the access that it needs: `access("publish")`.
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "#lib/http";

type Need = "publish" | "subscribe";

/** What one request may publish and read. Each method throws a 401 or 403 `Problem` if access is denied. */
export interface Grant {
  /** Refuses a request without credentials. */
  refuseAnonymous(): void;
  requirePublish(topic: string): void;
  /** Returns the patterns to read: those that were requested, or all that the client may read. */
  requireSubscribe(requested?: readonly string[]): readonly string[];
  // #region auth
  /** When the grant ends, in milliseconds since the Unix epoch; undefined if it does not end. */
  readonly expiresAt?: number;
  // #endregion
}

/** The type argument of a `Hono` whose routes declare their access. */
export interface AppEnv extends HttpEnv {
  Variables: HttpEnv["Variables"] & {
    grant: Grant;
    // #region auth
    /** Reads the grant of the request from its token; unset if the API is open. @throws {Problem} 401 */
    readGrant?: () => Promise<Grant>;
    // #endregion
  };
}

/** The grant of an API without authentication: it allows everything. */
const everything: Grant = {
  refuseAnonymous: () => undefined,
  requirePublish: () => undefined,
  requireSubscribe: (requested = ["*"]) => requested,
};

/**
 * Middleware that sets the grant of the request. It checks no topic: the handler must call `requirePublish` or
 * `requireSubscribe` of `c.get("grant")`.
 */
export function access(need: Need): MiddlewareHandler<AppEnv> {
  const middleware: MiddlewareHandler<AppEnv> = async (c, next) => {
    c.set("grant", everything);
    // #region auth
    // Here, not in a middleware for certain paths, so that a route which declares its access is protected at any path.
    const readGrant = c.get("readGrant");
    if (readGrant) c.set("grant", await readGrant());
    // #endregion
    // Before validation, so that the body of an anonymous request is not parsed.
    if (need === "publish") c.get("grant").refuseAnonymous();
    await next();
  };
  // #region auth openapi
  // For the description of the API; a request without a token may read public topics.
  const security = need === "publish" ? [{ bearer: [need] }] : [{ bearer: [need] }, {}];
  Object.assign(middleware, { security });
  // #endregion
  return middleware;
}

// What a client may do. Every route of the API declares the access that it needs: `access("publish")`.
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "#lib/http";
// #region auth
import { describeMiddleware } from "#lib/http";

// #endregion

type Need = "publish" | "subscribe";

/** What one request may publish and read. `check`, `publish` and `subscribe` throw a 401 or 403 `Problem` if access is denied. */
export interface Grant {
  /** Called before the input is read, so that a request without a token cannot make the server read a body. */
  check(need: Need): void;
  publish(topic: string): void;
  /** Returns the topics to read: those that were requested, or everything that the client may read. */
  subscribe(requested?: readonly string[]): readonly string[];
  /** `mayPublish` and `mayRead` are for a topic that the request does not name: an error with its name would reveal it. */
  mayPublish(topic: string): boolean;
  mayRead(topic: string): boolean;
  // #region auth
  /** When the grant ends, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  // #endregion
}

/** The type argument of a `Hono` whose routes declare their access. */
export interface AppEnv extends HttpEnv {
  Variables: HttpEnv["Variables"] & {
    grant: Grant;
    // #region auth
    /** Reads the grant of the request from its token; unset if the API is open. @throws {Problem} 401 */
    authenticate?: () => Promise<Grant>;
    // #endregion
  };
}

/** The grant of an API without authentication: it allows everything. */
const everything: Grant = {
  check: () => undefined,
  publish: () => undefined,
  subscribe: (requested = ["*"]) => requested,
  mayPublish: () => true,
  mayRead: () => true,
  // #region auth
  expiresAt: Number.POSITIVE_INFINITY,
  // #endregion
};

/** Middleware of a route that publishes or reads. Its handler asks `c.get("grant")` for the topic. */
export function access(need: Need): MiddlewareHandler<AppEnv> {
  const middleware: MiddlewareHandler<AppEnv> = async (c, next) => {
    // #region auth
    // The token is read here and not by middleware for a path, so a route under any path is protected as soon as it
    // declares its access.
    const authenticate = c.get("authenticate");
    if (authenticate) c.set("grant", await authenticate());
    // #endregion
    const grant = c.get("grant") ?? everything;
    grant.check(need);
    c.set("grant", grant);
    await next();
  };
  // #region auth
  // For the description of the API; a request without a token may read public topics.
  const security = need === "publish" ? [{ bearer: [need] }] : [{ bearer: [need] }, {}];
  describeMiddleware(middleware, { security });
  // #endregion
  return middleware;
}

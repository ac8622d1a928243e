// Access by token: the claims `publish` and `subscribe` of a JWT list the topics that its bearer may use.
import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import type { AppEnv, Grant } from "../../access.ts";
import type { Env } from "../../env.ts";
import { allowedPattern, covers } from "../messages/topics.ts";
import { openVerifier, type Verify } from "./verifier.ts";

const patterns = z.array(allowedPattern).max(100);

/** Seconds by which the issuer's clock may be ahead of ours. */
const MAX_SKEW_S = 30;

const claims = z.object({
  publish: patterns.default([]),
  subscribe: patterns.default([]),
  /** Seconds since the Unix epoch. */
  exp: z.number().optional(),
  /** The time before which the token is not valid, in the same unit. */
  nbf: z
    .number()
    .refine((nbf) => nbf <= Date.now() / 1000 + MAX_SKEW_S)
    .optional(),
});

/** Longest token in characters. */
const MAX_LENGTH = 8192;
/** Milliseconds after which a stream ends even if its token has not expired, because its key may have been removed. */
const MAX_STREAM_MS = 60 * 60_000;

/**
 * Returns middleware that sets `c.get("readGrant")`, with which `access()` reads the token of a request. Routes
 * without `access()`, such as `/healthz`, ignore the token. Without AUTH_SECRET and AUTH_JWKS the list is empty, and
 * every client may do everything.
 * @throws {StartError} if the variables contradict each other, or the key set cannot be read.
 */
export async function authenticate(env: Env): Promise<MiddlewareHandler<AppEnv>[]> {
  const verify = await openVerifier(env);
  if (!verify) {
    log.warn("the API is open: set AUTH_SECRET or AUTH_JWKS to require tokens");
    return [];
  }
  const anonymous = grantToAnonymous(env.PUBLIC_TOPICS);
  const middleware: MiddlewareHandler<AppEnv> = (c, next) => {
    c.set("readGrant", async () => {
      const token = tokenOf(c.req.header("authorization"), c.req.query("access_token"));
      return token === undefined ? anonymous : grantTo(await claimsOf(token, verify));
    });
    return next();
  };
  return [middleware];
}

/**
 * The token of a request; undefined if it has none. `EventSource` cannot send the header. A header of another scheme,
 * such as Basic, is meant for a proxy in front.
 */
function tokenOf(header: string | undefined, query: string | undefined): string | undefined {
  if (header === undefined || !/^Bearer\b/i.test(header)) return query;
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(header) ?? [];
  if (token === undefined) throw invalidToken();
  return token;
}

async function claimsOf(token: string, verify: Verify) {
  try {
    if (token.length > MAX_LENGTH) throw new RangeError("The token is too long.");
    return claims.parse(await verify(token));
  } catch (error) {
    // Not the message of the error, which may contain the token. The issues are those of Zod.
    const { name, issues = [] } = error as Partial<z.ZodError>;
    const reason = [name, ...issues.map(({ path }) => path.join("."))].join(" ");
    log.debug("refused a token: {reason}", { reason });
    throw invalidToken();
  }
}

function grantTo({ publish, subscribe, exp }: z.output<typeof claims>): Grant {
  return {
    refuseAnonymous: () => undefined,
    requirePublish(topic) {
      if (!covers(publish, topic)) throw forbidden("publish to this topic");
    },
    requireSubscribe(requested = subscribe) {
      if (requested.length === 0) throw forbidden("read any topic");
      if (!requested.every((topic) => covers(subscribe, topic))) throw forbidden("read this topic");
      return requested;
    },
    expiresAt: Math.min((exp ?? Number.POSITIVE_INFINITY) * 1000, Date.now() + MAX_STREAM_MS),
  };
}

/** A request without a token reads public topics only. */
function grantToAnonymous(publicTopics: readonly string[]): Grant {
  const refuse = (): never => {
    throw unauthorized("Send a token: Authorization: Bearer <token>.");
  };
  return {
    refuseAnonymous: refuse,
    requirePublish: refuse,
    requireSubscribe(requested = publicTopics) {
      const isPublic = requested.every((topic) => covers(publicTopics, topic));
      return isPublic && requested.length > 0 ? requested : refuse();
    },
  };
}

/** 401 with a challenge (RFC 6750, section 3). */
function unauthorized(detail: string, challenge = "Bearer"): Problem {
  return new Problem(401, detail, { headers: { "www-authenticate": challenge } });
}

function invalidToken(): Problem {
  return unauthorized("The token is not valid, or it has expired.", 'Bearer error="invalid_token"');
}

/** Does not name the topic, because a request may name only the id of a message, and ids can be guessed. */
function forbidden(action: string): Problem {
  return new Problem(403, `The token does not allow you to ${action}.`, {
    headers: { "www-authenticate": 'Bearer error="insufficient_scope"' },
  });
}

// Access by token: the claims `publish` and `subscribe` of a JWT list the topics that its bearer may use.
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import type { AppEnv, Grant } from "../../access.ts";
import type { Env } from "../../env.ts";
import { allowedTopic, covers } from "../messages/topics.ts";
import { openVerifier } from "./verifier.ts";

const topics = z.array(allowedTopic).max(100);

const claims = z.object({
  publish: topics.default([]),
  subscribe: topics.default([]),
  /** Seconds since the Unix epoch. */
  exp: z.number().optional(),
});

/** Longest token in characters. */
const MAX_LENGTH = 8192;

/**
 * Returns middleware that sets `c.get("authenticate")`, with which `access()` reads the token of a request. Routes
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
  const grantOf = async (c: Context) => {
    const token = tokenOf(c.req.header("authorization"), c.req.query("access_token"));
    return token === undefined ? anonymous : grantTo(await claimsOf(token, verify));
  };
  const middleware: MiddlewareHandler<AppEnv> = (c, next) => {
    c.set("authenticate", () => grantOf(c));
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

/** The errors of the verifier are not kept: their messages contain the token. */
async function claimsOf(token: string, verify: (token: string) => Promise<unknown>) {
  if (token.length > MAX_LENGTH) throw invalidToken();
  const result = claims.safeParse(await verify(token).catch(() => undefined));
  if (!result.success) throw invalidToken();
  return result.data;
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
    expiresAt: exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000,
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
    expiresAt: Number.POSITIVE_INFINITY,
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

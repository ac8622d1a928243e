// GET /api/events: new messages as server-sent events; with Last-Event-ID, first everything after it.
import { Hono } from "hono";
import { z } from "zod";
import { Problem, validate } from "#lib/http";
import { log } from "#lib/log";
import type { Service } from "#lib/service";
import { type AppEnv, access } from "../../access.ts";
import type { Env } from "../../env.ts";
import type { MessageStore } from "../messages/store.ts";
import { requestedPatterns, topicQuery } from "../messages/topics.ts";
import type { Broadcaster } from "./broadcaster.ts";
import { eventStream } from "./stream.ts";

const eventsQuery = z.object({ ...topicQuery, lastEventId: z.string().optional() });

/**
 * `x-accel-buffering` stops nginx from buffering. `connection: close` keeps a client from reusing the socket: a shutdown
 * closes it right after the stream, and a request that was sent on it would be lost.
 */
const headers = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  connection: "close",
  "x-accel-buffering": "no",
};

/** After the stream of a slow consumer is closed, its connection is closed once it is idle for this many seconds. */
const SLOW_CONSUMER_TIMEOUT_S = 1;

export function eventRoutes(
  env: Env,
  messages: MessageStore,
  broadcaster: Broadcaster,
  { draining, metrics }: Service,
) {
  const slowConsumers = metrics.counter({
    name: "sse_slow_consumers_closed_total",
    help: "Event streams that were closed because their client read too slowly.",
  });
  draining.addEventListener("abort", () => broadcaster.endAll());
  // At least two heartbeat intervals: each heartbeat that is sent resets the timeout, so it only closes the connection
  // of a client that reads nothing.
  const idleTimeoutS = Math.max(env.KEEP_ALIVE_TIMEOUT_S, Math.ceil((2 * env.HEARTBEAT_MS) / 1000));

  return new Hono<AppEnv>().get(
    "/api/events",
    access("subscribe"),
    validate("query", eventsQuery),
    (c) => {
      const grant = c.get("grant");
      const patterns = grant.requireSubscribe(requestedPatterns(c));
      if (draining.aborted || broadcaster.size >= env.SSE_MAX_CLIENTS) {
        throw new Problem(503, "The server cannot open another event stream now.", {
          headers: { "retry-after": "5" },
        });
      }
      // HEAD has no body, and a stream that is never read would never end.
      if (c.req.method === "HEAD") return new Response(null, { headers });
      const { server } = c.env;
      const request = c.req.raw;
      server.timeout(request, idleTimeoutS);
      const body = eventStream({
        broadcaster,
        messages,
        patterns,
        // #region auth
        expiresAt: grant.expiresAt,
        // #endregion
        // A browser sends the header when it reconnects; a page that was reloaded can only set the query.
        lastEventId: c.req.header("last-event-id") || c.req.valid("query").lastEventId || undefined,
        // #region jobs
        // A job is followed from its start: it may have ended before its stream was opened.
        replaysAll: patterns.every((pattern) => pattern.startsWith("jobs/")),
        // #endregion
        maxBufferedBytes: env.SSE_BUFFER_BYTES,
        onSlowConsumer() {
          slowConsumers.inc();
          log.warn("closed an event stream: its client reads too slowly");
          server.timeout(request, SLOW_CONSUMER_TIMEOUT_S);
        },
        onError: (error) => log.error("closed an event stream: {error}", { error }),
      });
      return new Response(body, { headers });
    },
  );
}

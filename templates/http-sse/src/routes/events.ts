// GET /api/events: each message, live; with Last-Event-ID, first everything after it.
import { z } from "zod";
import { log as appLog } from "#lib/log";
import { Problem } from "#lib/problem";
import { streamHeaders } from "../events/format.ts";
import { Hub } from "../events/hub.ts";
import { eventStream } from "../events/stream.ts";
import type { Group, Handler, Services } from "../group.ts";

const EventsQuery = z.object({ lastEventId: z.string().optional() });
const EventsHeaders = z.object({ "last-event-id": z.string().optional() });

/** Seconds that a connection may be slow to take the rest once its stream is closed. */
const LINGER = 1;

export async function events({ env, log }: Services): Promise<Group> {
  const hub = await Hub.open(log, env.HEARTBEAT_MS);

  const open: Handler = (request, server) => {
    if (!hub.isOpen || hub.readers.size >= env.SSE_MAX_CLIENTS) {
      throw new Problem(503, "There is no room for another event stream now.", {
        headers: { "retry-after": "5" },
      });
    }
    // The answer to HEAD has no body, and a stream that nobody reads would never end.
    if (request.method === "HEAD") return new Response(null, { headers: streamHeaders });
    const body = eventStream({
      hub,
      log,
      lastEventId: lastEventId(request),
      budget: env.SSE_BUFFER_BYTES,
      onSlow() {
        appLog.warn("An event stream was closed: its client reads too slowly.");
        server.timeout(request, LINGER);
      },
      onError: (error) => appLog.error("An event stream was closed: {error}", { error }),
    });
    return new Response(body, { headers: streamHeaders });
  };

  return {
    routes: {
      "/api/events": {
        GET: {
          handle: open,
          operation: {
            summary: "Follow the messages, after Last-Event-ID if it is given",
            query: EventsQuery,
            headers: EventsHeaders,
            responses: {
              200: {
                description: "`message` events; a `gap` event where messages are missing.",
                content: { "text/event-stream": "text" },
              },
            },
          },
        },
      },
    },
    drain: () => hub.close(),
  };
}

/** A browser sends the header when it reconnects; a page that was reloaded can only set the query. */
function lastEventId(request: Request): string | undefined {
  const query = () => new URL(request.url).searchParams.get("lastEventId");
  return request.headers.get("last-event-id") || query() || undefined;
}

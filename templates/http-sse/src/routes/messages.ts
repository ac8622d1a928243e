// POST, GET /api/messages: add a message, read them page by page.
import { z } from "zod";
import { Problem, readJson, validate } from "#lib/problem";
import type { Group, Handler, Services } from "../group.ts";
import { Message, type Page } from "../messages/log.ts";

const NewMessage = z.object({
  text: z
    .string()
    .min(1)
    .max(2000)
    .refine((text) => text.isWellFormed(), "must be valid Unicode"),
});

const ListQuery = z.object({
  from: z.enum(["start", "end"]).default("start").meta({
    description: "`end`: the newest messages, without `after`.",
  }),
  after: z.string().min(1).max(64).optional(),
  limit: z.number().int().min(1).max(100).default(20),
});

const MessagePage = z.object({
  items: z.array(Message),
  next: z.string().nullable().meta({ description: "`after` of the next page; null on the last." }),
});

const PostHeaders = z.object({
  /** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional(),
});

export function messages({ log }: Services): Group {
  const post: Handler = async (request) => {
    const key = request.headers.get("idempotency-key") ?? undefined;
    const headers = validate(PostHeaders, { "idempotency-key": key });
    const { text } = await readJson(request, NewMessage);
    const { outcome, message } = await log.append(text, headers["idempotency-key"]);
    if (outcome === "conflict") {
      throw new Problem(422, "This Idempotency-Key was used before, with another text.");
    }
    return Response.json(message, {
      status: 201,
      headers: { location: `/api/messages/${message.id}` },
    });
  };

  const list: Handler = (request) => {
    const { from, after, limit } = parseQuery(request.url);
    if (from === "end") return listNewest(limit);
    // One more than asked for tells whether there is a next page.
    const page = log.read(after, limit + 1);
    // Without `await`, as this is the busiest route: a promise costs a tenth of its speed.
    return page instanceof Promise ? page.then((page) => answer(page, limit)) : answer(page, limit);
  };

  const listNewest = async (limit: number): Promise<Response> =>
    Response.json({ items: await log.newest(limit), next: null });

  const get: Handler = async (request) => {
    const message = await log.get(request.params.id ?? "");
    if (!message) throw new Problem(404, "There is no such message.");
    return Response.json(message);
  };

  return {
    routes: {
      "/api/messages": {
        POST: {
          handle: post,
          operation: {
            summary: "Add a message; a repeated Idempotency-Key gives the same one",
            headers: PostHeaders,
            body: { "application/json": NewMessage },
            responses: {
              201: { description: "It is stored.", content: { "application/json": Message } },
            },
          },
        },
        GET: {
          handle: list,
          operation: {
            summary: "Read messages, oldest first",
            query: ListQuery,
            responses: {
              200: { description: "A page.", content: { "application/json": MessagePage } },
            },
          },
        },
      },
      "/api/messages/:id": {
        GET: {
          handle: get,
          operation: {
            summary: "Read a message",
            responses: {
              200: { description: "The message.", content: { "application/json": Message } },
            },
          },
        },
      },
    },
  };
}

/**
 * The query, validated. The shortest way, as this is the busiest route: URLSearchParams cost more
 * than the page, and most requests have nothing but a limit.
 */
function parseQuery(url: string): z.output<typeof ListQuery> {
  const start = url.indexOf("?");
  const query = start === -1 ? "" : url.slice(start + 1);
  const [, alone] = /^limit=(\w+)$/.exec(query) ?? [];
  const fields: Readonly<Record<string, string>> = alone
    ? { limit: alone }
    : Object.fromEntries(new URLSearchParams(query));
  // Digits are a number; anything else the schema refuses.
  const digits = /^\d+$/.exec(fields.limit ?? "")?.[0];
  return validate(ListQuery, digits ? { ...fields, limit: Number(digits) } : fields);
}

/** @param page one message longer than `limit`, if another page follows. */
function answer({ messages, complete }: Page, limit: number): Response {
  if (!complete) {
    throw new Problem(422, "The page cannot be continued.", {
      errors: [{ pointer: "/after", detail: "is not, or no longer, the id of a message" }],
    });
  }
  const items = messages.length > limit ? messages.slice(0, limit) : messages;
  return Response.json({
    items,
    next: messages.length > limit ? (items.at(-1)?.id ?? null) : null,
  });
}

// POST and GET /api/messages, GET /api/messages/:id: add a message, read them page by page.
import { Hono } from "hono";
import { z } from "zod";
import { integer } from "#lib/env";
import { Problem, validate } from "#lib/http";
import type { Metrics } from "#lib/metrics";
import { Message, type MessageStore } from "./store.ts";

export const newMessage = z.object({
  text: z
    .string()
    .min(1)
    .max(2000)
    .refine((text) => text.isWellFormed(), "must be valid Unicode"),
});

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
export const idempotency = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional(),
});

export const listQuery = z.object({
  from: z.enum(["start", "end"]).default("start").meta({
    description: "`end`: the newest messages, without `after`.",
  }),
  after: z.string().min(1).max(64).optional(),
  limit: integer({ min: 1, max: 100 }).default(20),
});

export const messagePage = z.object({
  items: z.array(Message),
  next: z.string().nullable().meta({ description: "`after` of the next page; null on the last." }),
});

export function messageRoutes(messages: MessageStore, metrics: Metrics) {
  const created = metrics.counter({
    name: "sse_messages_total",
    help: "Messages that clients of this instance added.",
  });
  return new Hono()
    .post(
      "/api/messages",
      validate("header", idempotency),
      validate("json", newMessage),
      async (c) => {
        const { "idempotency-key": key } = c.req.valid("header");
        const { outcome, message } = await messages.append(c.req.valid("json").text, key);
        if (outcome === "conflict") {
          throw new Problem(409, "This Idempotency-Key was used before, with another text.");
        }
        if (outcome === "created") created.inc();
        return c.json(message, 201, { location: `/api/messages/${message.id}` });
      },
    )
    .get("/api/messages", validate("query", listQuery), async (c) => {
      const { from, after, limit } = c.req.valid("query");
      if (from === "end") return c.json({ items: await messages.newest(limit), next: null });
      // One more than requested shows whether there is a next page.
      const page = await messages.read(after, limit + 1);
      if (page.hasGap) throw unknownCursor();
      const items = page.messages.slice(0, limit);
      return c.json({
        items,
        next: page.messages.length > limit ? (items.at(-1)?.id ?? null) : null,
      });
    })
    .get("/api/messages/:id", async (c) => {
      const message = await messages.get(c.req.param("id"));
      if (!message) throw new Problem(404, "There is no such message.");
      return c.json(message);
    });
}

function unknownCursor(): Problem {
  return new Problem(422, "The page cannot be continued.", {
    errors: [{ pointer: "/after", detail: "is not, or no longer, the id of a message" }],
  });
}

// /api/messages: add a message, read messages page by page, read one, delete one.
import { Hono } from "hono";
import { z } from "zod";
import { integer } from "#lib/env";
import { Problem, validate } from "#lib/http";
import type { Metrics } from "#lib/metrics";
import { type AppEnv, access } from "../../access.ts";
import { type Message, type MessageStore, toJson } from "./store.ts";
import { requestedPatterns, topicName, topicQuery } from "./topics.ts";

const messageBody = z.object({
  text: z
    .string()
    .min(1)
    .max(2000)
    .refine((text) => text.isWellFormed(), "must be valid Unicode"),
  topic: topicName.default("general"),
});

export const TextMessage = z.object({
  id: z.string().meta({ description: "Opaque. Also the id of its event." }),
  topic: z.string(),
  text: z.string(),
  at: z.iso.datetime(),
});
export type TextMessage = Readonly<z.output<typeof TextMessage>>;

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
const idempotency = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional(),
});

const listQuery = z.object({
  ...topicQuery,
  from: z.enum(["start", "end"]).default("start").meta({
    description: "`end`: the newest messages; `after` is ignored.",
  }),
  after: z.string().min(1).max(64).optional(),
  limit: integer({ min: 1, max: 100 }).default(20),
});

// #region openapi
export const messagePage = z.object({
  items: z.array(TextMessage),
  next: z.string().nullable().meta({ description: "`after` of the next page; null on the last." }),
});

// #endregion
export function messageRoutes(messages: MessageStore, metrics: Metrics) {
  const created = metrics.counter({
    name: "sse_messages_total",
    help: "Messages that clients of this instance added.",
  });

  return new Hono<AppEnv>()
    .post(
      "/api/messages",
      access("publish"),
      validate("header", idempotency),
      validate("json", messageBody),
      async (c) => {
        const { topic, text } = c.req.valid("json");
        c.get("grant").requirePublish(topic);
        const { "idempotency-key": key } = c.req.valid("header");
        const added = await messages.append({ topic, event: "message", data: { text }, key });
        if (added.outcome === "conflict") {
          throw new Problem(409, "This Idempotency-Key was used before, for another message.");
        }
        if (added.outcome === "deleted") {
          throw new Problem(410, "The message of this Idempotency-Key was deleted.");
        }
        if (added.outcome === "created") created.inc();
        const message = toTextMessage(added.message);
        return c.json(message, 201, { location: `/api/messages/${message.id}` });
      },
    )
    .get("/api/messages", access("subscribe"), validate("query", listQuery), async (c) => {
      const { from, after, limit } = c.req.valid("query");
      const query = {
        patterns: c.get("grant").requireSubscribe(requestedPatterns(c)),
        event: "message",
      };
      if (from === "end") {
        const newest = await messages.newest({ ...query, limit });
        return c.json({ items: newest.map(toTextMessage), next: null });
      }
      // One more than requested shows whether there is a next page.
      const page = await messages.read({ ...query, after, limit: limit + 1 });
      if (page.hasGap) {
        throw new Problem(422, "The page cannot be continued.", {
          errors: [{ pointer: "/after", detail: "is not, or no longer, the id of a message" }],
        });
      }
      const items = page.messages.slice(0, limit).map(toTextMessage);
      const next = page.messages.length > limit ? (items.at(-1)?.id ?? null) : null;
      return c.json({ items, next });
    })
    .get("/api/messages/:id", access("subscribe"), async (c) => {
      const message = await messages.get(c.req.param("id"));
      if (message?.event !== "message") throw noMessage();
      c.get("grant").requireSubscribe([message.topic]);
      return c.json(toTextMessage(message));
    })
    .delete("/api/messages/:id", access("publish"), async (c) => {
      const message = await messages.get(c.req.param("id"));
      if (message?.event !== "message") throw noMessage();
      c.get("grant").requirePublish(message.topic);
      // False if another request has just deleted it.
      if (!(await messages.delete(message.id))) throw noMessage();
      return c.body(null, 204);
    });
}

function toTextMessage(message: Message): TextMessage {
  return toJson(message) as TextMessage;
}

function noMessage(): Problem {
  return new Problem(404, "There is no such message.");
}

// The schemas of articles in requests and responses. The store derives its types from them.
import { z } from "zod";
import { integer } from "#lib/env";
import { text } from "../../text.ts";

export const newArticle = z.object({ title: text(1, 200), body: text(1, 100_000) });
export const articleChanges = newArticle
  .partial()
  .refine(({ title, body }) => title !== undefined || body !== undefined, "nothing to change");

export const article = z.object({
  id: z.int(),
  /** Id of the user who wrote it, the only one who may change it. */
  author: z.int(),
  title: z.string(),
  body: z.string(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** The column and direction of each sort; `-title` is by title, descending. */
export const orders = {
  rank: { column: "rank", descending: true },
  createdAt: { column: "createdAt", descending: false },
  "-createdAt": { column: "createdAt", descending: true },
  updatedAt: { column: "updatedAt", descending: false },
  "-updatedAt": { column: "updatedAt", descending: true },
  title: { column: "title", descending: false },
  "-title": { column: "title", descending: true },
} as const;

export type Sort = keyof typeof orders;
export type SortColumn = (typeof orders)[Sort]["column"];

export const sorts = Object.keys(orders) as [Sort, ...Sort[]];

/** An optional query parameter; an empty one counts as missing. */
const parameter = <S extends z.ZodType<unknown, string>>(schema: S) =>
  z.preprocess((value?: string) => value || undefined, schema.optional());

export const listQuery = z
  .object({
    author: parameter(integer({ min: 1, max: 2 ** 31 - 1 })),
    q: parameter(z.string().max(200)),
    sort: parameter(z.enum(sorts)),
    after: parameter(z.string().max(2000)),
    limit: parameter(integer({ min: 1, max: 100 })),
  })
  .refine(({ sort, q }) => sort !== "rank" || q !== undefined, {
    path: ["sort"],
    error: "requires `q`",
  });

export type Article = Readonly<z.output<typeof article>>;
export type NewArticle = z.output<typeof newArticle>;
export type ArticleChanges = z.output<typeof articleChanges>;

// What clients may send about articles. The store takes its types from here, so that both cannot diverge.
import { z } from "zod";
import { integer } from "#lib/env";
import { text } from "../../text.ts";

export const newArticle = z.object({ title: text(1, 200), body: text(1, 100_000) });
export const articleChanges = newArticle
  .partial()
  .refine(({ title, body }) => title !== undefined || body !== undefined, "nothing to change");

export const sorts = [
  "rank",
  "createdAt",
  "-createdAt",
  "updatedAt",
  "-updatedAt",
  "title",
  "-title",
] as const;

/** An optional query parameter; a blank one counts as missing. */
const parameter = <S extends z.ZodType<unknown, string>>(schema: S) =>
  z
    .string()
    .optional()
    .transform((value) => value || undefined)
    .pipe(schema.optional());

export const articleQuery = z.object({
  author: parameter(integer({ min: 1, max: 2 ** 31 - 1 })),
  q: parameter(z.string().max(200)),
  sort: parameter(z.enum(sorts)),
  after: parameter(z.string().max(2000)),
  limit: parameter(integer({ min: 1, max: 100 })),
});

export type NewArticle = z.output<typeof newArticle>;
export type ArticleChanges = z.output<typeof articleChanges>;
export type Sort = (typeof sorts)[number];

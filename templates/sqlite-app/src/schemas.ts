// What clients may send. The types of the store come from here, so both can't drift apart.
import { z } from "zod";
import { integer } from "#lib/env";

/** Control characters, but for tabs and line ends. */
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/** Text that every engine can hold and give back: valid Unicode, without control characters. */
const text = (minimum: number, maximum: number) =>
  z
    .string()
    .min(minimum)
    .max(maximum)
    .refine((value) => value.isWellFormed() && !CONTROL.test(value), {
      error: "must be valid Unicode, without control characters",
    });

const password = z.string().min(8).max(256);
const email = z.email().max(254);

export const newUser = z.object({ email, password, name: text(1, 100).default("Anonymous") });
export const credentials = z.object({ email, password: z.string().max(256) });

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

export const articleQuery = z
  .object({
    author: integer({ min: 1, max: 2 ** 31 - 1 }),
    q: z.string().max(200),
    sort: z.enum(sorts),
    after: z.string().max(2000),
    limit: integer({ min: 1, max: 100 }),
  })
  .partial();

export type NewArticle = z.output<typeof newArticle>;
export type ArticleChanges = z.output<typeof articleChanges>;
export type Sort = (typeof sorts)[number];

// The store interface of articles, and their schemas. Every engine passes the contract in test/store/.
import { z } from "zod";
import { text } from "../../text.ts";
import type { ArticleFilter } from "./filter.ts";

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

export type Article = Readonly<z.output<typeof article>>;
export type NewArticle = z.output<typeof newArticle>;
export type ArticleChanges = z.output<typeof articleChanges>;

/** A search result. The rank is 1 if the title contains all words, otherwise 0. */
export interface Found extends Article {
  readonly rank: number;
}

/** Every method may reject with an outage of the database, which `toProblem` maps to 503, or to 507 for a full disk. */
export interface ArticleStore {
  createArticle(author: number, article: NewArticle): Promise<Article>;
  findArticle(id: number): Promise<Article | undefined>;
  /** Returns undefined if this author has no such article. */
  updateArticle(id: number, author: number, changes: ArticleChanges): Promise<Article | undefined>;
  /** Returns false if this author has no such article. */
  deleteArticle(id: number, author: number): Promise<boolean>;
  listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]>;
  /** Indexes the next article for the search. @returns its id; undefined after the last one. */
  reindexAfter(id: number): Promise<number | undefined>;
}

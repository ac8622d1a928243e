// The store interface of articles. Every engine passes the contract in test/store/.
import type { ArticleFilter } from "./filter.ts";
import type { Article, ArticleChanges, NewArticle } from "./schemas.ts";

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

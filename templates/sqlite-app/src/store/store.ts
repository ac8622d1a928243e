// What the routes need from a database. SQLite and PostgreSQL implement it, and pass one contract suite.
import type { ArticleChanges, NewArticle } from "../features/articles/schemas.ts";
import type { ArticleFilter } from "./filter.ts";
import type { ImportReport } from "./import-reader.ts";

export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly createdAt: string;
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
}

export interface NewSession {
  readonly userId: number;
  readonly tokenHash: Uint8Array;
  readonly expiresAt: Date;
}

export interface Article {
  readonly id: number;
  /** Id of the user who wrote it, the only one who may change it. */
  readonly author: number;
  readonly title: string;
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A search result: the lower the rank, the better the match. */
export interface Found extends Article {
  readonly rank: number;
  /** The text around the hits, with `MARK.start` and `MARK.end` around each hit. */
  readonly snippet: string;
}

/** Control characters, which no article contains. */
export const MARK = { start: "\u0001", end: "\u0002" } as const;

export interface Profile extends Omit<User, "email"> {
  /** The newest 100, without their bodies. */
  readonly articles: readonly Omit<Article, "author" | "body">[];
}

/** Every method may reject with an outage of the database, which `toProblem` maps to 503. */
export interface Store {
  /** Rejects unless the database can write now. */
  ready(): Promise<void>;
  close(): Promise<void>;
  /** Undefined if the email is taken. */
  createUser(user: NewUser): Promise<User | undefined>;
  findCredentials(
    email: string,
  ): Promise<{ readonly id: number; readonly hash: string } | undefined>;
  profile(id: number): Promise<Profile | undefined>;
  /** Also deletes expired sessions. */
  createSession(session: NewSession): Promise<void>;
  /** Id of the user whose token it is; undefined if there is no such session or it has expired. */
  findSession(tokenHash: Uint8Array): Promise<number | undefined>;
  deleteSession(tokenHash: Uint8Array): Promise<void>;
  createArticle(author: number, article: NewArticle): Promise<Article>;
  findArticle(id: number): Promise<Article | undefined>;
  /** Undefined unless there is such an article of this author. */
  updateArticle(id: number, author: number, changes: ArticleChanges): Promise<Article | undefined>;
  /** False unless there was such an article of this author. */
  deleteArticle(id: number, author: number): Promise<boolean>;
  listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]>;
  /** Every article by id, from one snapshot, with constant memory. */
  exportArticles(): AsyncGenerator<readonly Article[], void, void>;
  /** Imports all lines or none: with a bad line, or if `chunks` fails, nothing is written. */
  importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport>;
}

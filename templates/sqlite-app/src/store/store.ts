// What the routes need from a database. SQLite and PostgreSQL implement it, held to one contract suite.
import type { ArticleChanges, NewArticle } from "../schemas.ts";
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
  /** Id of the user who wrote it, and who alone may change it. */
  readonly author: number;
  readonly title: string;
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** An article that was searched for: the lower the rank, the better it fits. */
export interface Found extends Article {
  readonly rank: number;
  /** Where it fits, as text with `MARK.start` and `MARK.end` around each hit. */
  readonly snippet: string;
}

/** Control characters, which no article contains. */
export const MARK = { start: "\u0001", end: "\u0002" } as const;

export interface Profile extends Omit<User, "email"> {
  /** The newest 100, without their bodies. */
  readonly articles: readonly Omit<Article, "author" | "body">[];
}

export interface Store extends AsyncDisposable {
  /** False, a rejection or silence while the database can't answer. */
  ready(): Promise<boolean>;
  /** Undefined if the email is taken. */
  createUser(user: NewUser): Promise<User | undefined>;
  findPassword(email: string): Promise<{ readonly id: number; readonly hash: string } | undefined>;
  profile(id: number): Promise<Profile | undefined>;
  /** Also forgets the sessions that are over. */
  createSession(session: NewSession): Promise<void>;
  /** Id of the user whose token it is, unless it is over. */
  findSession(tokenHash: Uint8Array): Promise<number | undefined>;
  deleteSession(tokenHash: Uint8Array): Promise<void>;
  createArticle(author: number, article: NewArticle): Promise<Article>;
  /** At once where the engine can: this is what is asked for most. */
  findArticle(id: number): Article | undefined | Promise<Article | undefined>;
  /** Undefined unless there is such an article of this author. */
  updateArticle(id: number, author: number, changes: ArticleChanges): Promise<Article | undefined>;
  /** False unless there was such an article of this author. */
  deleteArticle(id: number, author: number): Promise<boolean>;
  listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]>;
  /** Every article by id, as it is when the export begins, at constant memory. */
  exportArticles(): AsyncGenerator<readonly Article[], void, void>;
  /** All lines or none: with a bad line, or when `chunks` fails, nothing is written. */
  importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport>;
}

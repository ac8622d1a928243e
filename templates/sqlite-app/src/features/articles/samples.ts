// The articles of the sample users, for `bun run db seed`.
import type { User } from "../users/store.ts";
import type { ArticleStore } from "./store.ts";

const ARTICLES = [
  {
    author: "Ada",
    title: "Notes on the Analytical Engine",
    body: "It weaves algebraic patterns just as the loom weaves flowers.",
  },
  {
    author: "Ada",
    title: "Bernoulli numbers",
    body: "A program, step by step, with a table of the variables that it uses.",
  },
  {
    author: "Grace",
    title: "The first bug",
    body: "A moth, found in a relay and taped into the log book.",
  },
];

/** Writes the articles of a sample user. @returns their number. */
export async function writeSampleArticles(
  articles: ArticleStore,
  { id, name }: User,
): Promise<number> {
  const own = ARTICLES.filter(({ author }) => author === name);
  for (const { title, body } of own) await articles.createArticle(id, { title, body });
  return own.length;
}

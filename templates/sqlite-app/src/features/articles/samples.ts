// The articles of the sample users, for `bun run db seed`.
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

/** Writes the articles of a sample user that do not exist yet. @returns their number. */
export async function writeSampleArticles(
  articles: ArticleStore,
  author: number,
  name: string,
): Promise<number> {
  const existing = await articles.listArticles({ author, sort: "createdAt", limit: 100 });
  const titles = new Set(existing.map(({ title }) => title));
  const missing = ARTICLES.filter((one) => one.author === name && !titles.has(one.title));
  for (const { title, body } of missing) await articles.createArticle(author, { title, body });
  return missing.length;
}

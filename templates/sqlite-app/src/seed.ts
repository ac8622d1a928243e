// Writes sample data for development. Existing users are not changed.
import type { Stores } from "./database.ts";
import { Passwords } from "./features/users/passwords.ts";

/** The password of every sample user. */
export const SAMPLE_PASSWORD = "correct horse battery staple";

const USERS = [
  { email: "ada@example.com", name: "Ada" },
  { email: "grace@example.com", name: "Grace" },
];
// #region articles
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
// #endregion

/** @returns the number of created rows per table. */
export async function writeSamples(stores: Stores): Promise<Record<string, number>> {
  const passwords = new Passwords({ PASSWORD_CONCURRENCY: 1, PASSWORD_QUEUE: USERS.length });
  const written = {
    users: 0,
    // #region articles
    articles: 0,
    // #endregion
  };
  for (const { email, name } of USERS) {
    const passwordHash = await passwords.hash(SAMPLE_PASSWORD);
    const user = await stores.users.createUser({ email, name, passwordHash });
    if (user === undefined) continue;
    written.users += 1;
    // #region articles
    for (const { author, ...article } of ARTICLES.filter((one) => one.author === name)) {
      await stores.articles.createArticle(user.id, article);
      written.articles += 1;
    }
    // #endregion
  }
  return written;
}

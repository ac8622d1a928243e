// Writes the sample data that is missing, for development. Existing rows are not changed.
import type { Stores } from "./database.ts";
// #region articles
import { writeSampleArticles } from "./features/articles/samples.ts";
// #endregion
import { Passwords } from "./features/users/passwords.ts";

/** The password of every sample user. */
export const SAMPLE_PASSWORD = "correct horse battery staple";

const USERS = [
  { email: "ada@example.com", name: "Ada" },
  { email: "grace@example.com", name: "Grace" },
];

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
    const created = await stores.users.createUser({ email, name, passwordHash });
    if (created) written.users += 1;
    // #region articles
    // An earlier run may have ended between the user and the articles.
    const user = created ?? (await stores.users.findCredentials(email));
    if (user) written.articles += await writeSampleArticles(stores.articles, user.id, name);
    // #endregion
  }
  return written;
}

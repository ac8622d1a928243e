// Sample users and articles for development. Existing ones are not changed.
import { Passwords } from "./features/users/passwords.ts";
import type { Store } from "./store/store.ts";

/** The password of every sample user. */
export const SAMPLE_PASSWORD = "correct horse battery staple";

const SAMPLES = [
  {
    email: "ada@example.com",
    name: "Ada",
    articles: [
      {
        title: "Notes on the Analytical Engine",
        body: "It weaves algebraic patterns just as the loom weaves flowers.",
      },
      {
        title: "Bernoulli numbers",
        body: "A program, step by step, with a table of the variables that it uses.",
      },
    ],
  },
  {
    email: "grace@example.com",
    name: "Grace",
    articles: [
      { title: "The first bug", body: "A moth, found in a relay and taped into the log book." },
    ],
  },
];

export async function writeSamples(store: Store): Promise<{ users: number; articles: number }> {
  const passwords = new Passwords({ PASSWORD_CONCURRENCY: 1, PASSWORD_QUEUE: SAMPLES.length });
  const written = { users: 0, articles: 0 };
  for (const { email, name, articles } of SAMPLES) {
    const passwordHash = await passwords.hash(SAMPLE_PASSWORD);
    const user = await store.createUser({ email, name, passwordHash });
    if (user === undefined) continue;
    written.users += 1;
    for (const article of articles) await store.createArticle(user.id, article);
    written.articles += articles.length;
  }
  return written;
}

// Rebuilds the search index of every article. Run it after copying rows with SQL, or after a change of `words.ts`.
import { parseEnv } from "#lib/env";
import { Metrics } from "#lib/metrics";
import { openStores, prepareSchema } from "./database.ts";
import { databaseSchema } from "./env.ts";

const env = parseEnv(databaseSchema, process.env);
await prepareSchema(env, { migrate: false });
const stores = openStores(env, new Metrics(false));
let count = 0;
for (let id: number | undefined = 0; id !== undefined; ) {
  id = await stores.articles.reindexAfter(id);
  if (id !== undefined) count += 1;
}
await stores.close();
console.log(`indexed  articles: ${count}`);

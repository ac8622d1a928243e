// Both engines get the same articles and the same queries, and must find the same articles in the same order.
import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { parseEnv } from "#lib/env";
import { openStores, type Stores } from "../../src/database.ts";
import { databaseSchema } from "../../src/env.ts";
import type { ArticleFilter } from "../../src/features/articles/filter.ts";
import { orders, sorts } from "../../src/features/articles/filter.ts";
import { highlight } from "../../src/features/articles/highlight.ts";
import { prepareSchema } from "../../src/migrator.ts";
import { Folder } from "../folder.ts";
import { onPostgres } from "../postgres.ts";
import { PROCESS_TIMEOUT } from "../project.ts";
import type { Variables } from "../service.ts";

const SAMPLES = [
  "Café crème at the Straße",
  "node.js and DS-7604NI-E1/4P/A",
  "https://docs.example.com/usr/local/bin?q=1",
  "ada.lovelace@example.com foo.png -42 3.14",
  "ΟΔΥΣΣΕΥΣ και Ὀδυσσεύς",
  "Ёлка и ёжик, йод",
  "İstanbul ışık ILIK",
  "日本語 の 検索",
  "हिन्दी में खोज",
  "x🦀y rust🦀",
  "Cafe\u0301 decomposed ﬁnal ½ m²",
  'O\'Reilly: "quotes" & <tags>, a_b a-b a\\b a:b a|b a*',
  "اَلْعَرَبِيَّة 123 ١٢٣",
];
const word = fc.oneof(
  fc.constantFrom(...SAMPLES.flatMap((text) => text.split(/[\s/.@-]+/).filter(Boolean))),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
);
/** Without control characters, which the API refuses. */
const text = fc
  .oneof(
    fc.constantFrom(...SAMPLES),
    fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" ")),
  )
  .map((value) => value.replaceAll(/\p{Cc}/gu, " ").toWellFormed());
const article = fc.record({ title: text, body: text });

onPostgres((newDatabase) => {
  const folder = new Folder();
  const open = async (variables: Variables): Promise<Stores> => {
    const env = parseEnv(databaseSchema, variables);
    await prepareSchema(env, { migrate: true });
    return openStores(env);
  };
  let engines: Stores[] = [];
  afterAll(async () => {
    for (const stores of engines) await stores.close();
    folder[Symbol.dispose]();
  });

  /** Returns the articles of all pages, without their times. */
  const walk = async (
    { articles }: Stores,
    filter: Omit<ArticleFilter, "limit">,
    limit: number,
  ) => {
    const found: string[] = [];
    let after: ArticleFilter["after"];
    for (;;) {
      const page = await articles.listArticles({ ...filter, after, limit });
      for (const item of highlight(page, filter.q)) {
        found.push(JSON.stringify({ ...item, createdAt: "", updatedAt: "" }));
      }
      const last = page.at(-1);
      if (last === undefined || page.length < limit) break;
      const { column } = orders[filter.sort];
      const value = column === "rank" ? ("rank" in last ? last.rank : 0) : last[column];
      after = [value, last.id];
    }
    return found;
  };

  test(
    "lists, searches, pages and emails agree",
    async () => {
      engines = [
        await open({ DATA_DIR: folder.path }),
        await open({ DATABASE_URL: await newDatabase() }),
      ];
      const written = [
        ...SAMPLES.map((sample) => ({ title: sample, body: sample })),
        ...fc.sample(article, 60),
      ];
      for (const { users, articles, transfer } of engines) {
        for (const email of ["I@example.com", "other@example.com"]) {
          await users.createUser({ email, name: "N", passwordHash: "hash" });
        }
        expect(
          await users.createUser({ email: "i@EXAMPLE.com", name: "N", passwordHash: "" }),
        ).toBeUndefined();
        for (const [index, one] of written.entries()) {
          const { id } = await articles.createArticle(1 + (index % 2), one);
          if (index % 5 === 0)
            await articles.updateArticle(id, 1 + (index % 2), { title: `new ${one.body}` });
          if (index % 7 === 0) await articles.deleteArticle(id, 1 + (index % 2));
        }
        const lines = written.map((one) => `${JSON.stringify(one)}\n`);
        const chunks = (async function* () {
          for (const line of lines) yield Buffer.from(line);
        })();
        expect(await transfer.importArticles(1, chunks)).toMatchObject({ badLines: 0 });
      }
      const filter = fc.record({
        q: fc.option(
          fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => words.join(" ")),
          { nil: undefined },
        ),
        author: fc.constantFrom(undefined, 1, 2),
        sort: fc.constantFrom(...sorts),
        limit: fc.integer({ min: 1, max: 40 }),
      });
      await fc.assert(
        fc.asyncProperty(filter, async ({ limit, ...one }) => {
          // Times differ between the engines, and only a search has a rank.
          const isTimed = one.sort.endsWith("At");
          const sort = one.sort === "rank" && one.q === undefined ? "title" : one.sort;
          const [sqlite = [], postgres = []] = await Promise.all(
            engines.map((stores) => walk(stores, { ...one, sort }, limit)),
          );
          const order = (found: string[]) => (isTimed ? found.toSorted() : found);
          expect(order(postgres)).toEqual(order(sqlite));
        }),
        { numRuns: 150 },
      );
    },
    PROCESS_TIMEOUT,
  );

  test.each([
    ["cafe", 3],
    ["CREME", 1],
    ["strasse", 1],
    ["js", 1],
    ["DS-7604NI", 1],
    ["node.js", 1],
    ["docs example", 1],
    ["local", 1],
    ["lovelace", 1],
    ["png", 1],
    ["42", 1],
    ["οδυσσευς", 1],
    ["елка", 1],
    ["rust", 1],
    ["final", 1],
    ["nowhere", 0],
  ])("%s is found", async (q, fewest) => {
    for (const { articles } of engines) {
      const found = await articles.listArticles({ q, sort: "title", limit: 100 });
      expect(found.length).toBeGreaterThanOrEqual(fewest);
      if (fewest === 0) expect(found).toEqual([]);
    }
  });
});

// The store on PostgreSQL.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import { parseEnv } from "#lib/env";
import { openStores } from "../../src/database.ts";
import { databaseSchema } from "../../src/env.ts";
import { prepareSchema } from "../../src/migrator.ts";
import { onPostgres } from "../postgres.ts";
import { testStore } from "./contract.ts";

onPostgres((newDatabase) => {
  testStore(async () => ({ DATABASE_URL: await newDatabase() }));

  test("the check whether the database accepts writes commits one, and leaves no row", async () => {
    const url = await newDatabase();
    const env = parseEnv(databaseSchema, { DATABASE_URL: url });
    await prepareSchema(env, { migrate: true });
    const { ready, close } = openStores(env);
    await using sql = new SQL(url, { max: 1 });
    const first = async (query: string) => Object.values((await sql.unsafe(query))[0])[0];
    const before = await first("SELECT pg_current_wal_insert_lsn()");
    await ready();
    expect(await first("SELECT pg_current_wal_insert_lsn()")).not.toBe(before);
    expect(await first("SELECT count(*)::int FROM sessions")).toBe(0);
    await close();
  });

  // #region transfer
  test("an export of the longest articles is read in small batches", async () => {
    const url = await newDatabase();
    const env = parseEnv(databaseSchema, { DATABASE_URL: url });
    await prepareSchema(env, { migrate: true });
    const { users, transfer, close } = openStores(env);
    await users.createUser({ email: "a@example.com", name: "N", passwordHash: "hash" });
    await using sql = new SQL(url, { max: 1 });
    await sql.unsafe(
      `INSERT INTO articles (author, title, body, created_at, updated_at)
       SELECT 1, 't', repeat('x', 100000), now(), now() FROM generate_series(1, 150)`,
    );
    let articles = 0;
    for await (const batch of transfer.exportArticles()) {
      expect(batch.length * 100_000).toBeLessThanOrEqual(10_000_000);
      articles += batch.length;
    }
    expect(articles).toBe(150);
    await close();
  });

  test("an export that waits for a restore has the restored articles", async () => {
    const url = await newDatabase();
    const env = parseEnv(databaseSchema, { DATABASE_URL: url });
    await prepareSchema(env, { migrate: true });
    const { articles, users, transfer, close } = openStores(env);
    await users.createUser({ email: "a@example.com", name: "N", passwordHash: "hash" });
    await articles.createArticle(1, { title: "t", body: "b" });
    await using sql = new SQL(url, { max: 1 });
    let exported: Promise<IteratorResult<readonly unknown[], void>> | undefined;
    await sql.begin(async (transaction) => {
      await transaction.unsafe(
        `CREATE TEMP TABLE kept AS SELECT * FROM articles; TRUNCATE articles;
         INSERT INTO articles OVERRIDING SYSTEM VALUE SELECT * FROM kept`,
      );
      exported = transfer.exportArticles().next();
      const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'articles'::regclass";
      while ((await transaction.unsafe(waiting)).length === 0) await Bun.sleep(10);
    });
    expect((await exported)?.value).toHaveLength(1);
    await close();
  });

  test("timeouts of the database do not end the transfer of a client that pauses", async () => {
    const url = await newDatabase();
    const env = parseEnv(databaseSchema, { DATABASE_URL: url });
    await prepareSchema(env, { migrate: true });
    await using sql = new SQL(url, { max: 1 });
    await sql.unsafe(
      `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET idle_in_transaction_session_timeout = '100ms'`,
    );
    const { users, transfer, close } = openStores(env);
    await users.createUser({ email: "a@example.com", name: "N", passwordHash: "hash" });
    async function* lines() {
      for (let line = 0; line < 2; line += 1) {
        yield Buffer.from(`{"title": "t", "body": "b"}\n`);
        await Bun.sleep(300); // Longer than the timeout.
      }
    }
    expect(await transfer.importArticles(1, lines())).toMatchObject({ imported: 2 });
    const batches = transfer.exportArticles();
    await batches.next();
    await Bun.sleep(300);
    expect(await batches.next()).toMatchObject({ done: true });
    await close();
  });

  test("while an import parses many short lines, the event loop is not blocked", async () => {
    const env = parseEnv(databaseSchema, { DATABASE_URL: await newDatabase() });
    await prepareSchema(env, { migrate: true });
    const { transfer, close } = openStores(env);
    async function* blankLines() {
      yield Buffer.alloc(2 * 1024 * 1024, "\n");
    }
    const started = performance.now();
    let last = started;
    let longestPause = 0;
    const timer = setInterval(() => {
      longestPause = Math.max(longestPause, performance.now() - last);
      last = performance.now();
    }, 1);
    expect(await transfer.importArticles(1, blankLines())).toMatchObject({ imported: 0 });
    clearInterval(timer);
    expect(longestPause).toBeLessThan((performance.now() - started) / 2);
    await close();
  });

  // #endregion
  // #region articles
  test.each(["title", "body"] as const)(
    "an article whose %s changes while it is indexed keeps its new words",
    async (column) => {
      const url = await newDatabase();
      const env = parseEnv(databaseSchema, { DATABASE_URL: url });
      await prepareSchema(env, { migrate: true });
      const { users, articles, close } = openStores(env);
      const user = { email: "a@example.com", name: "N", passwordHash: "hash" };
      const author = (await users.createUser(user))?.id ?? 0;
      const { id } = await articles.createArticle(author, { title: "wombat", body: "wombat" });
      await using sql = new SQL(url, { max: 1 });
      let indexed: Promise<unknown> | undefined;
      await sql.begin(async (transaction) => {
        await transaction.unsafe(
          `UPDATE articles SET ${column} = 'numbat', ${column}_words = 'numbat'`,
        );
        indexed = articles.reindexAfter(0);
        const waiting = "SELECT FROM pg_locks WHERE NOT granted";
        while ((await transaction.unsafe(waiting)).length === 0) await Bun.sleep(10);
      });
      expect(await indexed).toBe(id);
      expect(await articles.listArticles({ q: "numbat", sort: "rank", limit: 9 })).toHaveLength(1);
      await close();
    },
  );
  // #endregion
});

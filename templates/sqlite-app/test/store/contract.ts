// The part of a store's contract that the HTTP tests do not cover. Every engine must pass it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { parseEnv } from "#lib/env";
import { openStores, type Stores } from "../../src/database.ts";
import { databaseSchema } from "../../src/env.ts";
// #region transfer
import type { Article } from "../../src/features/articles/store.ts";
// #endregion
import { prepareSchema } from "../../src/migrator.ts";
import { PROCESS_TIMEOUT } from "../project.ts";
import type { Variables } from "../service.ts";

export function testStore(variables: () => Promise<Variables>): void {
  let stores: Stores;
  beforeAll(async () => {
    const env = parseEnv(databaseSchema, await variables());
    await prepareSchema(env, { migrate: true });
    stores = openStores(env);
  }, PROCESS_TIMEOUT);
  afterAll(() => stores.close());

  const newUser = async (email = `${crypto.randomUUID()}@example.com`): Promise<number> => {
    const user = await stores.users.createUser({ email, name: "N", passwordHash: "hash" });
    if (user === undefined) throw new Error("The email is taken.");
    return user.id;
  };
  // #region transfer
  const exported = async (batches: AsyncIterable<readonly Article[]>, author: number) => {
    const all: Article[] = [];
    for await (const batch of batches) all.push(...batch.filter((one) => one.author === author));
    return all;
  };
  async function* chunks(...texts: string[]) {
    for (const text of texts) yield Buffer.from(text);
  }
  // #endregion

  test("a newly opened store is ready", async () => {
    await stores.ready();
  });

  test("of many users with one email, exactly one is created", async () => {
    const user = { email: `${crypto.randomUUID()}@example.com`, name: "N", passwordHash: "hash" };
    const created = await Promise.all(
      Array.from({ length: 10 }, () => stores.users.createUser(user)),
    );
    expect(created.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await stores.users.findCredentials(user.email.toUpperCase())).toMatchObject({
      hash: "hash",
    });
    expect(await stores.users.findCredentials("nobody@example.com")).toBeUndefined();
  });

  test("a session ends when it expires or is deleted", async () => {
    const userId = await newUser();
    const hash = (byte: number) => crypto.getRandomValues(new Uint8Array(32)).fill(byte, 0, 1);
    const [over, good] = [hash(1), hash(2)];
    const past = new Date(Date.now() - 1000);
    const future = new Date(Date.now() + 60_000);
    await stores.users.createSession({ userId, tokenHash: over, expiresAt: past });
    await stores.users.createSession({ userId, tokenHash: good, expiresAt: future });
    expect(await stores.users.findSession(over)).toBeUndefined();
    expect(await stores.users.findSession(good)).toBe(userId);
    await stores.users.deleteSession(good);
    expect(await stores.users.findSession(good)).toBeUndefined();
  });

  // #region articles
  test("only the author's articles change", async () => {
    const [author, stranger] = [await newUser(), await newUser()];
    const { id, createdAt } = await stores.articles.createArticle(author, {
      title: "t",
      body: "b",
    });
    expect(createdAt).toBe(new Date(createdAt).toISOString());
    expect(await stores.articles.updateArticle(id, stranger, { title: "x" })).toBeUndefined();
    expect(await stores.articles.deleteArticle(id, stranger)).toBe(false);
    expect(await stores.articles.updateArticle(id, author, { title: "u" })).toMatchObject({
      title: "u",
      body: "b",
    });
    expect(await stores.articles.deleteArticle(id, author)).toBe(true);
    expect(await stores.articles.findArticle(id)).toBeUndefined();
  });

  test("a rebuilt index finds the same articles", async () => {
    const author = await newUser();
    const { id } = await stores.articles.createArticle(author, { title: "Zebra", body: "b" });
    let last: number | undefined = id - 1;
    while (last !== undefined) last = await stores.articles.reindexAfter(last);
    const found = await stores.articles.listArticles({
      q: "zebra",
      author,
      sort: "rank",
      limit: 9,
    });
    expect(found.map((one) => one.id)).toEqual([id]);
  });

  // #endregion
  // #region transfer
  test("an export is one snapshot, also under concurrent writes", async () => {
    const author = await newUser();
    const lines = Array.from({ length: 1500 }, (_, i) =>
      JSON.stringify({ title: `${i}`, body: "b" }),
    );
    await stores.transfer.importArticles(author, chunks(lines.join("\n")));
    const batches = stores.transfer.exportArticles();
    const { value: first } = await batches.next();
    await stores.articles.createArticle(author, { title: "later", body: "b" });
    const rest = await exported(batches, author);
    const titles = [...(first ?? []).filter((one) => one.author === author), ...rest].map(
      ({ title }) => title,
    );
    expect(titles).toEqual(lines.map((_, i) => `${i}`));
  });

  test("an import whose source fails leaves nothing", async () => {
    const author = await newUser();
    async function* broken() {
      yield* chunks(`{"title":"one","body":"b"}\n`.repeat(2000));
      throw new Error("broken off");
    }
    const failed = stores.transfer.importArticles(author, broken());
    expect(await failed.catch(String)).toContain("broken off");
    const split = chunks(
      '{"title":"sp',
      'lit","bo',
      'dy":"\u{1F426}"}\n{"title":"two","body":"b"}',
    );
    expect(await stores.transfer.importArticles(author, split)).toMatchObject({
      imported: 2,
      badLines: 0,
    });
    const all = await exported(stores.transfer.exportArticles(), author);
    expect(all).toMatchObject([{ title: "split", body: "\u{1F426}" }, { title: "two" }]);
  });
  // #endregion
}

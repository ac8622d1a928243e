// The contract of a store, as far as the HTTP tests cannot see it. Every engine must pass it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { parseEnv } from "#lib/env";
import { Metrics } from "#lib/metrics";
import { openStore, prepareSchema } from "../../src/database.ts";
import { databaseSchema } from "../../src/env.ts";
import type { Article, Store } from "../../src/store/store.ts";
import { PROCESS_TIMEOUT } from "../project.ts";
import type { Variables } from "../service.ts";

export function testStore(variables: () => Promise<Variables>): void {
  let store: Store;
  beforeAll(async () => {
    const env = parseEnv(databaseSchema, await variables());
    await prepareSchema(env, { migrate: true });
    store = openStore(env, new Metrics(false));
  }, PROCESS_TIMEOUT);
  afterAll(() => store.close());

  const newUser = async (email = `${crypto.randomUUID()}@example.com`): Promise<number> => {
    const user = await store.createUser({ email, name: "N", passwordHash: "hash" });
    if (user === undefined) throw new Error("The email is taken.");
    return user.id;
  };
  const exported = async (batches: AsyncIterable<readonly Article[]>, author: number) => {
    const all: Article[] = [];
    for await (const batch of batches) all.push(...batch.filter((one) => one.author === author));
    return all;
  };
  async function* chunks(...texts: string[]) {
    for (const text of texts) yield Buffer.from(text);
  }

  test("it is ready", async () => {
    await store.ready();
  });

  test("of many users with one email, exactly one is created", async () => {
    const user = { email: `${crypto.randomUUID()}@example.com`, name: "N", passwordHash: "hash" };
    const created = await Promise.all(Array.from({ length: 10 }, () => store.createUser(user)));
    expect(created.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await store.findCredentials(user.email.toUpperCase())).toMatchObject({ hash: "hash" });
    expect(await store.findCredentials("nobody@example.com")).toBeUndefined();
  });

  test("a session ends when it expires or is deleted", async () => {
    const userId = await newUser();
    const hash = (byte: number) => crypto.getRandomValues(new Uint8Array(32)).fill(byte, 0, 1);
    const [over, good] = [hash(1), hash(2)];
    const past = new Date(Date.now() - 1000);
    const future = new Date(Date.now() + 60_000);
    await store.createSession({ userId, tokenHash: over, expiresAt: past });
    await store.createSession({ userId, tokenHash: good, expiresAt: future });
    expect(await store.findSession(over)).toBeUndefined();
    expect(await store.findSession(good)).toBe(userId);
    await store.deleteSession(good);
    expect(await store.findSession(good)).toBeUndefined();
  });

  test("only the author's articles change", async () => {
    const [author, stranger] = [await newUser(), await newUser()];
    const { id, createdAt } = await store.createArticle(author, { title: "t", body: "b" });
    expect(createdAt).toBe(new Date(createdAt).toISOString());
    expect(await store.updateArticle(id, stranger, { title: "x" })).toBeUndefined();
    expect(await store.deleteArticle(id, stranger)).toBe(false);
    expect(await store.updateArticle(id, author, { title: "u" })).toMatchObject({
      title: "u",
      body: "b",
    });
    expect(await store.deleteArticle(id, author)).toBe(true);
    expect(await store.findArticle(id)).toBeUndefined();
  });

  test("an export is one snapshot, whatever is written during it", async () => {
    const author = await newUser();
    const lines = Array.from({ length: 1500 }, (_, i) =>
      JSON.stringify({ title: `${i}`, body: "b" }),
    );
    await store.importArticles(author, chunks(lines.join("\n")));
    const batches = store.exportArticles();
    const { value: first } = await batches.next();
    await store.createArticle(author, { title: "later", body: "b" });
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
    expect(store.importArticles(author, broken())).rejects.toThrow("broken off");
    const split = chunks(
      '{"title":"sp',
      'lit","bo',
      'dy":"\u{1F426}"}\n{"title":"two","body":"b"}',
    );
    expect(await store.importArticles(author, split)).toMatchObject({ imported: 2, badLines: 0 });
    const all = await exported(store.exportArticles(), author);
    expect(all).toMatchObject([{ title: "split", body: "\u{1F426}" }, { title: "two" }]);
  });
}

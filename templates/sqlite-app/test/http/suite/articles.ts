// Articles: permissions, pages, search.
import { beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Service } from "../../service.ts";

interface Item {
  readonly id: number;
  readonly title: string;
  readonly author: number;
  readonly highlight?: string;
}

export function articlesAndSearch(service: () => Service): void {
  let author: { id: number; token: string };
  beforeAll(async () => {
    author = await service().newUser();
  });

  const create = async (title: string, body: string, token = author.token): Promise<Item> => {
    const reply = await service().send("POST", "/api/articles", { token, body: { title, body } });
    if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
    return reply.json() as unknown as Item;
  };
  const list = async (query: Record<string, string | number>) => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    const reply = await service().send("GET", `/api/articles?${search}`);
    if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`);
    return reply.json() as unknown as { items: Item[]; next: string | null };
  };
  /** Returns the items of all pages of a list, and runs `between` after each page. */
  const walk = async (
    query: Record<string, string | number>,
    between?: () => Promise<unknown>,
  ): Promise<Item[]> => {
    const items: Item[] = [];
    let after: string | null = "";
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({ ...query, after });
      items.push(...page.items);
      after = page.next;
      await between?.();
    } while (after !== null);
    return items;
  };

  test("an article is created, read, changed, replaced and deleted by its author", async () => {
    const { token } = author;
    const { id } = await create("first", "text");
    const path = `/api/articles/${id}`;
    expect((await service().send("GET", path)).json()).toMatchObject({
      id,
      title: "first",
      author: author.id,
    });
    const changed = await service().send("PATCH", path, { token, body: { title: "second" } });
    expect(changed.json()).toMatchObject({ title: "second", body: "text" });
    const replaced = await service().send("PUT", path, {
      token,
      body: { title: "3", body: "new" },
    });
    expect(replaced.json()).toMatchObject({ title: "3", body: "new" });
    expect((await service().send("DELETE", path, { token })).status).toBe(204);
    expect((await service().send("GET", path)).status).toBe(404);
    expect((await service().send("DELETE", path, { token })).status).toBe(404);
  });

  test("changing an article is 401 without a token and 403 for another author", async () => {
    const { id } = await create("mine", "text");
    const stranger = await service().newUser();
    const path = `/api/articles/${id}`;
    for (const method of ["PATCH", "PUT", "DELETE"]) {
      const body = method === "DELETE" ? undefined : { title: "yours", body: "x" };
      expect((await service().send(method, path, { body })).status).toBe(401);
      expect((await service().send(method, path, { body, token: stranger.token })).status).toBe(
        403,
      );
    }
    expect((await service().send("GET", path)).json()).toMatchObject({ title: "mine" });
  });

  test("pages in any order are complete and without duplicates, also with equal titles", async () => {
    const { id, token } = await service().newUser();
    for (const title of ["b", "a", "c", "b", "a", "É", "Z"]) await create(title, "a", token);
    const ranked = await walk({ author: id, q: "a", sort: "rank", limit: 2 });
    expect(ranked.map(({ title }) => title)).toEqual(["a", "a", "Z", "É", "b", "c", "b"]);
    for (const sort of ["createdAt", "updatedAt", "title"]) {
      const up = await walk({ author: id, sort, limit: 2 });
      const down = await walk({ author: id, sort: `-${sort}`, limit: 3 });
      expect(new Set(up.map((item) => item.id)).size).toBe(7);
      expect(down.map((item) => item.id)).toEqual(up.map((item) => item.id).toReversed());
    }
    const titles = await walk({ author: id, sort: "title", limit: 1 });
    expect(titles.map(({ title }) => title)).toEqual(["Z", "a", "a", "b", "b", "c", "É"]);
  });

  test("a search finds all words in any case, ranks, highlights and pages", async () => {
    const { id, token } = await service().newUser();
    await create("Other", "nothing here", token);
    await create("Long", `Quokka ${"filler ".repeat(200)} wombat`, token);
    await create("Quokka wombat", "<script>alert('quokka')</script> & wombat", token);
    const found = await walk({ author: id, q: "wombat QUOKKA", limit: 1 });
    expect(found.map(({ title }) => title)).toEqual(["Quokka wombat", "Long"]);
    for (const { highlight = "" } of found) {
      expect(highlight.toLowerCase()).toMatch(/<mark>(quokka|wombat)<\/mark>/);
      expect(highlight.replaceAll(/<\/?mark>/g, "")).not.toMatch(/[<>]/);
    }
    expect(await walk({ author: id, q: "wombat nowhere" })).toEqual([]);
    expect(
      (await walk({ author: id, q: "wombat", sort: "-title" })).map(({ title }) => title),
    ).toEqual(["Quokka wombat", "Long"]);
  });

  test.each(["", "dingo"])(
    "pages by rank have each article once while others with the text '%s' are written and deleted",
    async (text) => {
      const { id, token } = await service().newUser();
      const body = (index: number) =>
        `dingo ${"filler ".repeat(index * 7)}${"dingo ".repeat(index)}`;
      const ids: number[] = [];
      for (let index = 0; index < 12; index += 1) {
        const title = index % 3 === 0 ? "Dingo" : "other";
        ids.push((await create(title, body(index), token)).id);
      }
      const deleted = await create(text || "other", `dingo ${text}`, token);
      const found = await walk({ author: id, q: "dingo", sort: "rank", limit: 2 }, async () => {
        const path = `/api/articles/${deleted.id}`;
        await service().send("DELETE", path, { token });
        for (let index = 0; index < 5; index += 1) await create(`new ${text}`, `${text} x`, token);
      });
      const old = found.filter((item) => ids.includes(item.id)).map((item) => item.id);
      expect(old.toSorted((a, b) => a - b)).toEqual(ids);
      expect(new Set(found.map((item) => item.id)).size).toBe(found.length);
    },
  );

  test("a search follows changes", async () => {
    const { id, token } = await service().newUser();
    const article = await create("before", "x", token);
    await service().send("PATCH", `/api/articles/${article.id}`, {
      token,
      body: { title: "after" },
    });
    expect(await walk({ author: id, q: "before" })).toEqual([]);
    expect(await walk({ author: id, q: "after" })).toHaveLength(1);
    await service().send("DELETE", `/api/articles/${article.id}`, { token });
    expect(await walk({ author: id, q: "after" })).toEqual([]);
  });

  test("no text breaks a search, and an article is found by its words", async () => {
    const { id, token } = await service().newUser();
    const hostile = fc.constantFrom(
      '"',
      "*",
      "NEAR(",
      "OR",
      "-",
      "^",
      ":",
      "\u0000",
      "\\",
      "'",
      "%",
      "&",
      "|",
      "!",
      "<->",
    );
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc
        .array(fc.oneof(hostile, fc.string({ maxLength: 5 })))
        .map((parts) => parts.join(" ").slice(0, 190)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (q) => {
        const reply = await service().send(
          "GET",
          `/api/articles?author=${id}&q=${encodeURIComponent(q)}`,
        );
        expect({
          q,
          status: reply.status,
          text: reply.status === 200 ? "" : reply.text,
        }).toEqual({
          q,
          status: 200,
          text: "",
        });
      }),
      { numRuns: 150 },
    );
    await create("título", 'She said "NEAR"(x) OR -nothing*', token);
    expect(await walk({ author: id, q: '"near"(X) or -NOTHING*' })).toHaveLength(1);
  });

  test.each([
    ["characters that normalizing makes six times as long", "㌖".repeat(60)],
    ["long words", "x".repeat(395)],
    ["syllables that normalizing splits", "각".repeat(100)],
  ])("an article with the most characters is accepted and found: %s", async (_, word) => {
    const { id, token } = await service().newUser();
    const words = Array.from({ length: 2000 }, (_, index) => `${word}${index}`);
    await create(`${"㌖".repeat(100)} armadillo`, words.join(" ").slice(0, 100_000), token);
    const q = `armadillo ${words[0]}`.slice(0, 200);
    expect(await walk({ author: id, q: "armadillo" })).toHaveLength(1);
    expect(await walk({ author: id, q })).toHaveLength(word.length < 190 ? 1 : 0);
  });

  test.each(["ﬃ", "㌖"])("a word of many '%s' that is too long is not ignored", async (letter) => {
    const { id, token } = await service().newUser();
    await create("numbat", letter.repeat(190), token);
    expect(await walk({ author: id, q: "numbat" })).toHaveLength(1);
    expect(await walk({ author: id, q: `numbat ${letter.repeat(180)}` })).toEqual([]);
  });

  test.each([
    "sort=nope",
    "sort=rank",
    "limit=0",
    "limit=101",
    "limit=x",
    "author=x",
    "author=0",
    "after=zzz",
    "sort=title&after=WyItY3JlYXRlZEF0IiwiMjAyNi0xMS0yMlQxMDo0NDoyOC42MjlaIiw2XQ",
    afterOf("-createdAt", "not a time"),
    afterOf("-createdAt", "0000-01-01T00:00:00.000Z"),
    afterOf("createdAt", `2026-01-01T00:00:00.${"0".repeat(200)}Z`),
    afterOf("updatedAt", "2026-01-01T00:00Z"),
    afterOf("title", "NUL\0"),
    `q=x&${afterOf("rank", 0.5)}`,
    `q=${"x".repeat(201)}`,
  ])("an invalid query is 422: %s", async (query) => {
    const { status, json } = await service().send("GET", `/api/articles?${query}`);
    expect(status).toBe(422);
    expect(json().errors).toBeArray();
  });

  test("every accepted article is returned as it was sent", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(text, text, async (title, body) => {
        const sent = { token: author.token, body: { title, body } };
        const { status, json } = await service().send("POST", "/api/articles", sent);
        if (status !== 422)
          expect({ status, ...json() }).toMatchObject({ status: 201, title, body });
      }),
      { numRuns: 50 },
    );
  });
}

/** Returns the query of a list with a cursor that a client made up. */
function afterOf(sort: string, value: string | number): string {
  const after = Buffer.from(JSON.stringify([sort, value, 1])).toString("base64url");
  return `sort=${sort}&after=${after}`;
}

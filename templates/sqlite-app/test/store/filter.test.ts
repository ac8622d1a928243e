// The SQL of lists comes from a fixed set of texts, for every request of a client.
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  buildListQuery,
  type Dialect,
  type EngineFilter,
  sorts,
} from "../../src/features/articles/filter.ts";

const dialect: Dialect = {
  placeholder: (index) => `?${index}`,
  list: { columns: "<columns>", from: "<articles>" },
  search: { columns: "<found>", from: (match) => `<index ${match}>` },
  id: "<id>",
  order: { rank: "<rank>", createdAt: "<created>", updatedAt: "<updated>", title: "<title>" },
};

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("'; DROP TABLE users; --", "?1", '"', "\u0000"),
);
const filter: fc.Arbitrary<EngineFilter> = fc.record({
  author: fc.option(fc.integer(), { nil: undefined }),
  match: fc.option(text, { nil: undefined }),
  sort: fc.constantFrom(...sorts),
  after: fc.option(fc.tuple(fc.oneof(text, fc.double()), fc.integer()), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 101 }),
});

test("values are parameters: the SQL depends only on which filters there are", () => {
  fc.assert(
    fc.property(filter, filter, (one, other) => {
      // The same filters and order as `one`, with the values of `other`.
      const mixed: EngineFilter = {
        author: one.author === undefined ? undefined : (other.author ?? 0),
        match: one.match === undefined ? undefined : (other.match ?? ""),
        sort: one.sort,
        after: one.after === undefined ? undefined : (other.after ?? ["", 0]),
        limit: other.limit,
      };
      expect(buildListQuery(mixed, dialect).sql).toBe(buildListQuery(one, dialect).sql);
    }),
  );
});

test("every parameter has its placeholder, in order", () => {
  fc.assert(
    fc.property(filter, (one) => {
      const { sql, parameters } = buildListQuery(one, dialect);
      const placeholders = [...new Set(sql.match(/\?\d+/g))];
      expect(placeholders).toEqual(parameters.map((_, index) => `?${index + 1}`));
    }),
  );
});

test("builds the SQL of a search with author, sort and cursor", () => {
  const one: EngineFilter = { author: 7, match: "word", sort: "-title", after: ["t", 3], limit: 5 };
  expect(buildListQuery(one, dialect)).toEqual({
    sql: "SELECT <found> FROM <index ?1> WHERE a.author = ?2 AND (<title>, <id>) < (?3, ?4) ORDER BY <title> DESC, <id> DESC LIMIT ?5",
    parameters: ["word", 7, "t", 3, 5],
  });
});

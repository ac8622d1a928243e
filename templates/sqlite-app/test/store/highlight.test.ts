// The excerpt of a search result: bounded work, whole characters, and `<mark>` around each hit.
import { expect, spyOn, test } from "bun:test";
import { highlight } from "../../src/features/articles/highlight.ts";

const found = (title: string, body: string) => ({
  ...{ id: 1, author: 1, title, body, createdAt: "", updatedAt: "", rank: 0 },
});

const marked = (title: string, body: string, q: string): string => {
  const [item] = highlight([found(title, body)], q);
  return item && "highlight" in item ? item.highlight : "";
};

test.each(["filler", "é", "日本語の検索"])(
  "what a highlight normalizes does not grow with the length of its articles: %s",
  (word) => {
    using lowered = spyOn(String.prototype, "toLowerCase");
    const normalized = (length: number) => {
      const body = `${`${word} `.repeat(length).slice(0, length)} zebra`;
      lowered.mockClear();
      highlight([found("title", body)], "zebra");
      return lowered.mock.contexts.reduce<number>((sum, text) => sum + String(text).length, 0);
    };
    const short = normalized(12_000);
    expect(short).toBeGreaterThan(10_000);
    expect(normalized(99_000)).toBe(short);
  },
);

test("hits in the first 10 000 characters are marked, otherwise the excerpt is the start of the text", () => {
  expect(marked("title", `${"filler ".repeat(1300)}Zébra.`, "zebra")).toEndWith(
    "filler filler <mark>Zébra</mark>.",
  );
  const far = marked("title", `${"filler ".repeat(2000)}zebra`, "zebra");
  expect(far).toStartWith("title\nfiller ");
  expect(far).not.toContain("<mark>");
});

test.each([38, 39, 40, 41])(
  "an excerpt that starts or ends %i characters from a hit contains no half of a character",
  (distance) => {
    const text = `${"😀".repeat(60)}${".".repeat(distance % 2)} zebra ${".".repeat(distance)}${"😀".repeat(200)}`;
    const excerpt = marked("t", text, "zebra");
    expect(excerpt).toContain("<mark>zebra</mark>");
    expect(excerpt.isWellFormed()).toBe(true);
  },
);

test("an excerpt starts and ends with a whole word, and marks every hit in it", () => {
  const excerpt = marked(
    "t",
    `${"unzebra ".repeat(40)}zebra ${"zebrafish zebra ".repeat(40)}`,
    "zebra",
  );
  expect(excerpt).toMatch(
    /^[\s.]*(?:unzebra )+<mark>zebra<\/mark> (?:zebrafish <mark>zebra<\/mark> ?)+/,
  );
  expect(excerpt).toMatch(/(?:<\/mark>|zebrafish)$/);
});

test.each([
  ["STRAẞE", "straße"],
  ["Straße", "STRAẞE"],
  ["STRASSE", "ẞ strasse ẞ"],
])("%s is a hit for %s, because ß, ẞ and SS are equal", (title, q) => {
  expect(marked(title, "body", q)).toStartWith(`<mark>${title}</mark>`);
});

// The excerpt of a search result: bounded work, whole characters, and `<mark>` around each hit.
import { expect, test } from "bun:test";
import { highlight } from "../../src/features/articles/highlight.ts";

const found = (title: string, body: string) => ({
  ...{ id: 1, author: 1, title, body, createdAt: "", updatedAt: "", rank: 0 },
});

const marked = (title: string, body: string, q: string): string => {
  const [item] = highlight([found(title, body)], q);
  return item && "highlight" in item ? item.highlight : "";
};

test.each(["filler", "é", "日本語の検索"])(
  "the time to highlight a page does not grow with the length of its articles: %s",
  (word) => {
    const fastest = (length: number) => {
      const body = `${`${word} `.repeat(length).slice(0, length)} zebra`;
      const page = Array.from({ length: 20 }, () => found("title", body));
      const times = Array.from({ length: 8 }, () => {
        const started = performance.now();
        highlight(page, "zebra");
        return performance.now() - started;
      });
      return Math.min(...times);
    };
    const short = fastest(12_000);
    expect(fastest(99_000)).toBeLessThan(4 * short);
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

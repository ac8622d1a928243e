// Sizes, budgets, the table and the treemap, which are pure functions of the build's output.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkBudgets } from "../build/budget.ts";
import { renderPage } from "../build/page.ts";
import type { Report } from "../build/report.ts";
import { parseSize, printSize } from "../build/size.ts";
import { formatTable } from "../build/table.ts";
import { squarify } from "../build/treemap.ts";

const report: Report = {
  files: [
    { path: "library/a.js", raw: 1000, gzip: 400 },
    { path: "library/b.js", raw: 500, gzip: 200 },
    { path: "site/index-0a1b2c3d.js", raw: 12_345, gzip: 4000, brotli: 3500 },
    { path: "site/index.html", raw: 900, gzip: 450, brotli: 400 },
  ],
  bundles: [
    {
      file: "index.js",
      modules: [
        { path: "site/<b>.ts", bytes: 900 },
        { path: "site/c.css", bytes: 1 },
      ],
    },
  ],
};

describe("the table", () => {
  test("has a row per file, one row for the library, and no changes without a previous build", () => {
    expect(formatTable(report, undefined)).toBe(
      `dist/                         raw      gzip    brotli   change
library/ (2 modules)      1.50 kB     600 B         –
site/index-0a1b2c3d.js   12.35 kB   4.00 kB   3.50 kB
site/index.html             900 B     450 B     400 B`,
    );
  });

  test("matches a file whose hash has changed", () => {
    const before: Report = {
      ...report,
      files: [
        { path: "site/index-ffffffff.js", raw: 1, gzip: 4100 },
        { path: "library/a.js", raw: 1, gzip: 100 },
      ],
    };
    const changes = formatTable(report, before)
      .split("\n")
      .map((line) => line.split(/ {2,}/).at(-1));
    expect(changes).toEqual(["change", "+500 B", "−100 B", "new"]);
  });
});

describe("budgets", () => {
  test("limit the sum of the gzip sizes", () => {
    expect(() =>
      checkBudgets({ "site/**": "4.45 kB", "library/*.js": "600 B" }, report, true),
    ).not.toThrow();
    expect(() => checkBudgets({ "site/**": "4.44 kB" }, report, true)).toThrow(
      "10 B over its budget",
    );
    expect(() => checkBudgets({ "other/**": "1 B" }, report, true)).toThrow("matches no file");
    expect(() => checkBudgets({ "other/**": "1 B" }, report, false)).not.toThrow();
    expect(() => checkBudgets({ "site/**": "4" }, report, true)).toThrow(
      'The budget of `site/**` is "4", which is not a size',
    );
  });
});

test("parsing a size reverses formatting it", () => {
  expect(["12 B", "1.5 kB", "2MB"].map((text) => parseSize(text, "It"))).toEqual([
    12, 1500, 2_000_000,
  ]);
  expect([999, 1000, 1_234_567].map(printSize)).toEqual(["999 B", "1.00 kB", "1.23 MB"]);
  for (const wrong of ["", "4 kb/s", "-1 kB", "1 KiB"])
    expect(() => parseSize(wrong, "It")).toThrow(`It is "${wrong}", which is not a size`);
});

test("a treemap fills its area with the sizes, in order and without overlap", () => {
  const area = { x: 0, y: 0, width: 120, height: 64 };
  const sizes = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(sizes, (unsorted) => {
      const sorted = unsorted.toSorted((a, b) => b - a);
      const total = sorted.reduce((sum, size) => sum + size, 0);
      const places = squarify(sorted, area);
      expect(places).toHaveLength(sorted.length);
      for (const [index, { x, y, width, height }] of places.entries()) {
        expect((width * height) / (120 * 64)).toBeCloseTo((sorted[index] ?? 0) / total, 6);
        expect(Math.min(x, y)).toBeGreaterThan(-1e-6);
        expect(Math.max(x + width - 120, y + height - 64)).toBeLessThan(1e-6);
        for (const other of places.slice(index + 1)) {
          const overlapX = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
          const overlapY = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
          expect(Math.min(overlapX, overlapY)).toBeLessThan(1e-6);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test("the page is self-contained, and escapes names", async () => {
  const html = new TextDecoder().decode(await renderPage(report));
  expect(html).toContain("site/&lt;b&gt;.ts");
  expect(html).not.toContain("<b>.ts");
  expect(html).not.toMatch(/(src|href)=|url\(|@import/);
});

// docs/bun-notes.md is complete: every statement has a row, and every row has a test and links that exist.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspaces.ts";
import { OUTLINE } from "./outline.ts";
import { PAGE, rows, VERDICTS } from "./page.ts";

const tests = new Map(
  [...new Bun.Glob("*.test.ts").scanSync(import.meta.dir)].map((file) => [
    file,
    readFileSync(join(import.meta.dir, file), "utf8"),
  ]),
);

test("every statement of the outline has a row, in its order", () => {
  const found = Object.groupBy(rows, ({ heading }) => heading);
  const ids = Object.entries(found).map(([heading, rows]) => [heading, rows?.map(({ id }) => id)]);
  const outline = Object.entries(OUTLINE).map(([heading, ids]) => [
    heading,
    ids.trim().split(/\s+/),
  ]);
  expect(ids).toEqual(outline);
});

test("every row of a table is read", () => {
  const linked = readFileSync(join(root, PAGE), "utf8").match(
    /\]\(\.\.\/test\/bun-notes\/\S+\.test\.ts\) +\|$/gm,
  );
  expect(rows).toHaveLength(linked?.length ?? 0);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

test.each(rows.map((row) => [`${PAGE}:${row.line} ${row.id}`, row] as const))("%s", (_, row) => {
  expect([...VERDICTS]).toContain(row.verdict);
  const file = row.test.replace("../test/bun-notes/", "");
  expect(tests.get(file), `${file} has no test of ${row.id}`).toMatch(
    new RegExp(`\\(\\s*"${row.id}"`),
  );
});

test("every test has a row", () => {
  const declared = [...tests.values()].flatMap((text) =>
    [...text.matchAll(/^(?:statement|postgres|mariadb|figure)\(\s*"([^"]+)"/gm)].map(
      ([, id]) => id,
    ),
  );
  expect(declared.filter((id) => !rows.some((row) => row.id === id))).toEqual([]);
});

test("every link of the page leads to a file", () => {
  const links = readFileSync(join(root, PAGE), "utf8").matchAll(/\]\((\.\.[^)#]+)/g);
  const broken = [...links]
    .map(([, path]) => path ?? "")
    .filter((path) => !existsSync(join(root, "docs", path)));
  expect(broken).toEqual([]);
});

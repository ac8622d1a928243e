// .env.example shows every variable of the schema with its default, and nothing else.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseEnv } from "#lib/env";
import { schema } from "../src/env.ts";

const text = await Bun.file(join(import.meta.dir, "..", ".env.example")).text();
const lines = [...text.matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
  ([, comment, name = "", value = ""]) => ({
    name,
    value,
    optional: comment !== undefined,
  }),
);

test(".env.example has the variables of the schema", () => {
  const names = lines.map(({ name }) => name);
  expect(names.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
});

test(".env.example has the defaults of the schema", () => {
  const shown = lines.filter(({ optional }) => !optional);
  const values = Object.fromEntries(shown.map(({ name, value }) => [name, value]));
  expect(parseEnv(schema, values)).toEqual(parseEnv(schema, {}));
});

test("the examples in .env.example are valid", () => {
  expect(() =>
    parseEnv(schema, Object.fromEntries(lines.map(({ name, value }) => [name, value]))),
  ).not.toThrow();
});

test("the README's table has the variables of the schema and their defaults", async () => {
  const readme = await Bun.file(join(import.meta.dir, "..", "README.md")).text();
  const rows = [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| +(?:`([^`]*)`)? *\|/gm)];
  expect(rows.map(([, name]) => name).toSorted()).toEqual(Object.keys(schema.shape).toSorted());
  const defaults: Record<string, unknown> = parseEnv(schema, {});
  for (const [, name = "", value] of rows) {
    if (value !== undefined) expect([name, value]).toEqual([name, `${defaults[name]}`]);
  }
});

test("a token's last second has a year of four digits, and a longer time is refused", () => {
  const max = Number(parseEnv(schema, { SESSION_TTL_HOURS: "876000" }).SESSION_TTL_HOURS);
  expect(new Date(Date.now() + max * 3_600_000).toISOString()).toMatch(/^\d{4}-/);
  for (const SESSION_TTL_HOURS of ["876001", "10000000000"]) {
    expect(() => parseEnv(schema, { SESSION_TTL_HOURS })).toThrow("SESSION_TTL_HOURS");
  }
});

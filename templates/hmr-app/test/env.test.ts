// .env.example and the schema list the same variables and defaults.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseEnv } from "#lib/env";
import { schema } from "../src/env.ts";

const text = await Bun.file(join(import.meta.dir, "../.env.example")).text();
const [defaults = {}, examples = {}] = text.split("# Unset by default").map(variablesIn);

function variablesIn(lines: string): Readonly<Record<string, string>> {
  const matches = lines.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm);
  return Object.fromEntries(Array.from(matches, ([, name = "", value = ""]) => [name, value]));
}

test("every variable is in .env.example, whose other variables are PUBLIC_ ones", () => {
  const names = Object.keys({ ...defaults, ...examples });
  const read = names.filter((name) => !name.startsWith("PUBLIC_"));
  expect(read.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
});

test("the first part of .env.example shows the defaults", () => {
  expect(parseEnv(schema, defaults)).toEqual(parseEnv(schema, {}));
});

test("the examples in .env.example are valid", () => {
  expect(parseEnv(schema, examples).DEV_HOSTS).toEqual(["my-laptop.local"]);
});

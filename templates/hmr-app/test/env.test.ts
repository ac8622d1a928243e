// .env.example is what the schema says.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseEnv } from "#lib/env";
import { schema } from "../src/env.ts";

const text = await Bun.file(join(import.meta.dir, "../.env.example")).text();
const example = Object.fromEntries(
  [...text.matchAll(/^(?:# )?([A-Z][A-Z_]*)=(.*)$/gm)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]),
);

test("every variable is there, and each is known, or public", () => {
  const names = Object.keys(example).filter((name) => !name.startsWith("PUBLIC_"));
  expect(names.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
});

test("the values are valid; what shows a default is the default", () => {
  const { DEV_HOSTS: _, ...defaults } = example;
  expect(parseEnv(schema, defaults)).toEqual(parseEnv(schema, {}));
  expect(parseEnv(schema, example).DEV_HOSTS).toEqual(["my-laptop.local"]);
});

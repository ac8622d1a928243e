// .env.example and the schema list the same variables and defaults.
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
/** Variables without a default; .env.example shows an example. */
const UNSET = ["TRUSTED_PROXIES", "METRICS_PORT", "CLIENT_IP_HEADER", "DEV_HOSTS"];

test("every variable is in .env.example, whose other variables are PUBLIC_ ones", () => {
  const names = Object.keys(example).filter((name) => !name.startsWith("PUBLIC_"));
  expect(names.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
});

test("the values in .env.example are valid, and are the defaults if there are any", () => {
  const defaults = Object.entries(example).filter(([name]) => !UNSET.includes(name));
  expect(parseEnv(schema, Object.fromEntries(defaults))).toEqual(parseEnv(schema, {}));
  expect(parseEnv(schema, example).DEV_HOSTS).toEqual(["my-laptop.local"]);
});

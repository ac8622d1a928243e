// .env.example and the schema list the same variables, with the same defaults.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EnvError, parseEnv } from "#lib/env";
import { schema } from "../src/env.ts";

const example = await Bun.file(join(import.meta.dir, "../.env.example")).text();
const shown = [...example.matchAll(/^# ([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
  ([, name = "", value = ""]) => [name, value] as const,
);

describe(".env.example", () => {
  test("lists exactly the variables of the schema", () => {
    expect(shown.map(([name]) => name).toSorted()).toEqual(Object.keys(schema.shape).toSorted());
  });

  test("shows valid values, and the defaults of the variables that have one", () => {
    const values: Record<string, unknown> = parseEnv(schema, Object.fromEntries(shown));
    const defaults: Record<string, unknown> = parseEnv(schema, {});
    for (const [name, value] of Object.entries(defaults)) {
      // The default of a list is empty, so an example is shown instead.
      if (!Array.isArray(value)) expect([name, values[name]]).toEqual([name, value]);
    }
  });
});

describe("the schema", () => {
  test("requires a long secret in production", () => {
    const production = { NODE_ENV: "production" };
    expect(() => parseEnv(schema, production)).toThrow(/SESSION_SECRET: required/);
    const both = { ...production, PORT: "x" };
    expect(() => parseEnv(schema, both)).toThrow(/PORT: .*\n.*SESSION_SECRET: required/);
    const short = { ...production, SESSION_SECRET: "too short" };
    expect(() => parseEnv(schema, short)).toThrow(/SESSION_SECRET/);
    const long = { ...production, SESSION_SECRET: "0123456789abcdef" };
    expect(parseEnv(schema, long)).toMatchObject(long);
  });

  test("accepts a list of origins, and nothing else", () => {
    const { ALLOWED_ORIGINS } = parseEnv(schema, {
      ALLOWED_ORIGINS: "https://a.example, http://localhost:8080,",
    });
    expect(ALLOWED_ORIGINS).toEqual(["https://a.example", "http://localhost:8080"]);
    for (const bad of ["*", "a.example", "https://a.example/path", "https://a.example/", "null"]) {
      expect(() => parseEnv(schema, { ALLOWED_ORIGINS: bad })).toThrow(EnvError);
    }
  });
});

// Holds .env.example to the schema: the same variables, and the defaults that it shows.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EnvError, parseEnv } from "#lib/env";
import { envSchema } from "../src/env.ts";

const example = await Bun.file(join(import.meta.dir, "../.env.example")).text();
const lines = [...example.matchAll(/^(# )?([A-Z_]+)=(.*)$/gm)].map(
  ([, hidden, name = "", value = ""]) => {
    return { name, value, optional: hidden !== undefined };
  },
);

describe(".env.example", () => {
  test("names every variable of the schema, and no other", () => {
    expect(lines.map(({ name }) => name).sort()).toEqual(Object.keys(envSchema.shape).sort());
  });

  test("shows the defaults", () => {
    const shown = lines.filter(({ optional }) => !optional);
    const source = Object.fromEntries(shown.map(({ name, value }) => [name, value]));
    expect(parseEnv(envSchema, source)).toEqual(parseEnv(envSchema, {}));
    for (const { name } of shown) expect(parseEnv(envSchema, {})).toHaveProperty(name);
  });
});

describe("the schema", () => {
  test("wants a secret in production, and a long one", () => {
    const production = { NODE_ENV: "production" };
    expect(() => parseEnv(envSchema, production)).toThrow(/SESSION_SECRET: required/);
    const both = { ...production, PORT: "x" };
    expect(() => parseEnv(envSchema, both)).toThrow(/PORT: .*\n.*SESSION_SECRET: required/);
    const short = { ...production, SESSION_SECRET: "too short" };
    expect(() => parseEnv(envSchema, short)).toThrow(/SESSION_SECRET/);
    const long = { ...production, SESSION_SECRET: "0123456789abcdef" };
    expect(parseEnv(envSchema, long)).toMatchObject(long);
  });

  test("reads the allow-list, and refuses what is no origin", () => {
    const { ALLOWED_ORIGINS } = parseEnv(envSchema, {
      ALLOWED_ORIGINS: "https://a.example, http://localhost:8080/,",
    });
    expect(ALLOWED_ORIGINS).toEqual(new Set(["https://a.example", "http://localhost:8080"]));
    for (const bad of ["*", "a.example", "https://a.example/path", "null"]) {
      expect(() => parseEnv(envSchema, { ALLOWED_ORIGINS: bad })).toThrow(EnvError);
    }
  });
});

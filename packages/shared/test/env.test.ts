// The environment: what counts as a value, and that a problem names variables and never values.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { EnvError, integer, parseEnv, serviceVariables } from "../src/env.ts";
import { run } from "./child.ts";

const service = z.object(serviceVariables);

/** The message of the problem that an environment has. */
function problem(schema: z.ZodObject, source: Record<string, string>): string {
  try {
    parseEnv(schema, source);
  } catch (error) {
    if (error instanceof EnvError) return error.message;
    throw error;
  }
  throw new Error("It is valid.");
}

test("defaults are those of the contract, and frozen", () => {
  const env = parseEnv(service, {});
  expect(env).toEqual({
    HOST: "127.0.0.1",
    PORT: 3000,
    NODE_ENV: "development",
    LOG_LEVEL: "info",
    SHUTDOWN_DELAY_MS: 0,
    SHUTDOWN_TIMEOUT_MS: 10_000,
  });
  expect(Object.isFrozen(env)).toBe(true);
});

test("blank is unset, and what the schema doesn't know is ignored", () => {
  const env = parseEnv(service, { PORT: "", HOST: "  ", HOME: "/somewhere", __proto__: "x" });
  expect(env).toEqual(parseEnv(service, {}));
});

describe("a whole number", () => {
  test.each([
    ["0", 0],
    ["8080", 8080],
    ["007", 7],
    ["65535", 65_535],
  ])("%p is %p", (PORT, value) => {
    expect(parseEnv(service, { PORT }).PORT).toBe(value);
  });

  test.each([
    "abc",
    "1e3",
    "0x10",
    " 3000",
    "3000 ",
    "3.5",
    "-1",
    "+1",
    "65536",
    "NaN",
    "Infinity",
  ])("%p is none", (PORT) => {
    expect(problem(service, { PORT })).toBe(
      "The environment is not valid:\n  PORT: must be a whole number from 0 to 65535",
    );
  });

  test("may be negative where that is wanted", () => {
    expect(parseEnv(z.object({ N: integer({ min: -5 }) }), { N: "-5" }).N).toBe(-5);
  });
});

test("all problems are in one message, a line each, without any value", () => {
  const schema = z.object({
    TOKEN: z.string().regex(/^[a-z]{32}$/),
    MODE: z.enum(["a", "b"]),
    DATABASE_URL: z.url(),
    DEBUG: z.stringbool(),
    KEY: z.string().length(32),
    MISSING: z.string(),
    PORT: integer(),
  });
  const names = Object.keys(schema.shape);
  const source = Object.fromEntries(names.map((name) => [name, "hunter2"]));
  const message = problem(schema, { ...source, MISSING: "" });
  expect(
    message
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(":")[0]),
  ).toEqual(names);
  expect(message).toContain("  MISSING: required, but not set");
  expect(message).not.toContain("hunter2");
});

test("a fault inside a list is told of the variable", () => {
  const list = z.string().transform((text) => text.split(","));
  const schema = z.object({ ORIGINS: list.pipe(z.array(z.url("must be URLs"))) });
  expect(problem(schema, { ORIGINS: "https://a.example,b" })).toContain("  ORIGINS: must be URLs");
});

test("a rule over several variables is told without a name", () => {
  const schema = z.object({ A: z.string() }).refine(() => false, "A needs B");
  expect(problem(schema, { A: "x" })).toBe("The environment is not valid:\n  A needs B");
});

test("a process with problems prints them to stderr and exits with code 1", async () => {
  await using child = run("service.ts", { PORT: "hunter2", NODE_ENV: "hunter2" });
  expect(await child.process.exited).toBe(1);
  await child.closed;
  expect(child.output()).toBe(
    [
      "The environment is not valid:",
      "  PORT: must be a whole number from 0 to 65535",
      '  NODE_ENV: Invalid option: expected one of "development"|"test"|"production"',
      "",
    ].join("\n"),
  );
});

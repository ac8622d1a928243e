// The environment: which values count, and problems that name variables but never values.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { EnvError, integer, list, parseEnv, serviceVariables } from "../src/env.ts";
import { origins } from "../src/origins.ts";

const service = z.object(serviceVariables);

/** The message of the error that an invalid environment causes. */
function problemWith(schema: z.ZodObject, source: Record<string, string>): string {
  try {
    parseEnv(schema, source);
  } catch (error) {
    if (error instanceof EnvError) return error.message;
    throw error;
  }
  throw new Error("The environment is valid.");
}

test("the defaults are those of the contract, and frozen", () => {
  const env = parseEnv(service, {});
  expect(env).toEqual({
    HOST: "127.0.0.1",
    PORT: 3000,
    NODE_ENV: "development",
    LOG_LEVEL: "info",
    KEEP_ALIVE_TIMEOUT_S: 75,
    SHUTDOWN_DELAY_MS: 0,
    SHUTDOWN_TIMEOUT_MS: 10_000,
    DEV_HOSTS: [],
  });
  expect(Object.isFrozen(env)).toBe(true);
});

test("a blank value is unset, and unknown variables are ignored", () => {
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
  ])("%p is not one", (PORT) => {
    expect(problemWith(service, { PORT })).toBe(
      "The environment is not valid:\n  PORT: must be a whole number from 0 to 65535",
    );
  });

  test("may be negative if the minimum is", () => {
    expect(parseEnv(z.object({ N: integer({ min: -5 }) }), { N: "-5" }).N).toBe(-5);
  });
});

describe("DEV_HOSTS", () => {
  test("is a list of names and addresses", () => {
    const { DEV_HOSTS } = parseEnv(service, { DEV_HOSTS: "My-Laptop.local, 10.0.0.7,[FD00::1]," });
    expect(DEV_HOSTS).toEqual(["My-Laptop.local", "10.0.0.7", "[FD00::1]"]);
  });

  test.each(["box:3000", ".example.com", "http://box", "fd00::1", "a b"])(
    "%p would never match, and is refused",
    (DEV_HOSTS) => {
      expect(problemWith(service, { DEV_HOSTS })).toContain("must be host names without a port");
    },
  );
});

test.each([
  ["0.0.0.0", true],
  ["::", true],
  ["[::1]", true],
  ["fe80::1%eth0", true],
  ["my-laptop.local", true],
  ["http://localhost", false],
  ["127.0.0.1:3000", false],
  ["my host", false],
])("HOST=%s is valid: %p", (HOST, isValid) => {
  expect(z.object(serviceVariables).safeParse({ HOST }).success).toBe(isValid);
});

test("all problems are in one message, one per line, without any value", () => {
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
  const message = problemWith(schema, { ...source, MISSING: "" });
  expect(
    message
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(":")[0]),
  ).toEqual(names);
  expect(message).toContain("  MISSING: required, but not set");
  expect(message).not.toContain("hunter2");
});

test("a problem inside a list is reported for its variable", () => {
  const schema = z.object({ ORIGINS: list().pipe(z.array(z.url("must be URLs"))) });
  expect(problemWith(schema, { ORIGINS: "https://a.example,b" })).toContain(
    "  ORIGINS: must be URLs",
  );
});

test("a rule over several variables has no name", () => {
  const schema = z.object({ A: z.string() }).refine(() => false, "A needs B");
  expect(problemWith(schema, { A: "x" })).toBe("The environment is not valid:\n  A needs B");
});

describe("a list", () => {
  test("is separated by commas; blanks and empty items are dropped", () => {
    const schema = z.object({ LIST: list() });
    expect(parseEnv(schema, {}).LIST).toEqual([]);
    expect(parseEnv(schema, { LIST: " a, ,b ," }).LIST).toEqual(["a", "b"]);
  });

  test.each([
    ["https://a.example,http://localhost:5173", true],
    ["https://a.example/", false],
    ["https://a.example/path", false],
    ["a.example", false],
    ["tauri://localhost,capacitor://localhost", true],
    ["chrome-extension://abcdefghijklmnop", true],
    ["tauri://localhost/", false],
    ["https://user@a.example", false],
    ["https://a.example:443", false],
    ["file://", false],
    ["null", false],
    ["https://A.example", false],
    ["*", false],
    ["https://*.a.example", false],
  ])("of origins: %s is valid: %p", (ORIGINS, isValid) => {
    expect(z.object({ ORIGINS: origins() }).safeParse({ ORIGINS }).success).toBe(isValid);
  });
});

test.each([
  ["KEEP_ALIVE_TIMEOUT_S", "256"],
  ["KEEP_ALIVE_TIMEOUT_S", "0"],
  ["SHUTDOWN_TIMEOUT_MS", "2147483648"],
  ["METRICS_PORT", "65536"],
])("%s=%s is refused", (name, value) => {
  expect(problemWith(service, { [name]: value })).toContain(`  ${name}: `);
});

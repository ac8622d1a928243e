// .env.example and the README list every variable with its default.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseEnv } from "#lib/env";
import { schema } from "../src/env.ts";

const root = join(import.meta.dir, "..");
/** Their default is an empty list or depends on the machine, so .env.example shows an example instead. */
const EXAMPLES = [
  "CORS_ORIGINS",
  "DEV_HOSTS",
  // #region jobs
  "JOB_WORKERS",
  // #endregion
];
const names = Object.keys(schema.shape).toSorted();

test(".env.example names every variable, and its values are valid", async () => {
  const text = await Bun.file(join(root, ".env.example")).text();
  const shown = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  expect(shown.map(([, name]) => name).toSorted()).toEqual(names);
  const given = Object.fromEntries(shown.map(([, name = "", value]) => [name, value]));
  const values: Record<string, unknown> = parseEnv(schema, given);
  const defaults: Record<string, unknown> = parseEnv(schema, {});
  for (const name of names) {
    if (defaults[name] !== undefined && !EXAMPLES.includes(name)) {
      expect([name, values[name]]).toEqual([name, defaults[name]]);
    }
  }
});

// #region auth
test("a secret of .env.example that was not replaced is not accepted", async () => {
  const text = await Bun.file(join(root, ".env.example")).text();
  const [, secret = "none"] = /^# AUTH_SECRET=(.*)$/m.exec(text) ?? [];
  expect(schema.shape.AUTH_SECRET.safeParse(secret).success).toBe(false);
});

// #endregion
// #region docker
test("compose.yaml passes .env to the service, except for what belongs to the container", async () => {
  const compose = Bun.YAML.parse(await Bun.file(join(root, "compose.yaml")).text()) as {
    readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const built = Object.values(compose.services).filter(({ build }) => build !== undefined);
  expect(built).not.toEqual([]);
  for (const { env_file, environment } of built) {
    expect(env_file).toEqual([{ path: ".env", required: false }]);
    expect(environment).toMatchObject({ HOST: "0.0.0.0", PORT: "3000", DATA_DIR: "/app/data" });
  }
});

// #endregion
test("a bad value is refused by name", () => {
  expect(() => parseEnv(schema, { CORS_ORIGINS: "https://a.example/path" })).toThrow(
    /CORS_ORIGINS/,
  );
  expect(() => parseEnv(schema, { SSE_BUFFER_BYTES: "0" })).toThrow(/SSE_BUFFER_BYTES/);
});

// #region auth
test("blank items of PUBLIC_TOPICS are dropped, and a bad one is named with the syntax", () => {
  const parse = (value: string) => parseEnv(schema, { PUBLIC_TOPICS: value }).PUBLIC_TOPICS;
  expect(parse("general, a/*,")).toEqual(["general", "a/*"]);
  expect(parse(",")).toEqual([]);
  expect(parse("*")).toEqual(["*"]);
  expect(() => parse("general,a b")).toThrow(/PUBLIC_TOPICS: must be .*, or \*/);
});

// #endregion
test("the README's table lists every variable", async () => {
  const text = await Bun.file(join(root, "README.md")).text();
  const table = text.split("## Configuration")[1]?.split("\n## ")[0] ?? "";
  const shown = [...table.matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| +(?:`([^`]*)`)?/gm)];
  expect(shown.map(([, name]) => name).toSorted()).toEqual(names);
  const defaults: Record<string, unknown> = parseEnv(schema, {});
  for (const [, name = "", value] of shown) {
    if (value !== undefined) expect([name, value]).toEqual([name, `${defaults[name]}`]);
  }
});

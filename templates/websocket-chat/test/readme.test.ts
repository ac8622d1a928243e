// Holds the tables of the README to the code.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseEnv } from "#lib/env";
import { envSchema } from "../src/env.ts";
import { LIMITS } from "../src/limits.ts";
import { clientFrameSchema, errorCodes } from "../src/protocol.ts";

const readme = await Bun.file(join(import.meta.dir, "../README.md")).text();

/** What stands in backticks at the start of each row of the table with this head. */
function firstCells(head: string): string[] {
  const [, table = ""] = readme.split(new RegExp(`^\\| ${head} +\\|`, "m"));
  const [rows = ""] = table.split("\n\n");
  return [...rows.matchAll(/^\| `(.+?)` +\|/gm)].map(([, cell = ""]) => cell);
}

test("every variable is there, with its default", () => {
  const defaults: Record<string, unknown> = parseEnv(envSchema, {});
  expect(firstCells("variable").sort()).toEqual(Object.keys(envSchema.shape).sort());
  for (const [, name = "", value] of readme.matchAll(/^\| `([A-Z_]+)` +\| `(.+?)` +\|/gm)) {
    expect([name, String(defaults[name])]).toEqual([name, value ?? ""]);
  }
});

test("every frame and every error is there", () => {
  const types = firstCells("you send").map((frame) => /type: "(.+?)"/.exec(frame)?.[1] ?? "");
  expect(types).toEqual(clientFrameSchema.options.map(({ shape }) => shape.type.value));
  expect(firstCells("code")).toEqual([...errorCodes]);
});

test("the limits are those of the code", () => {
  expect(readme).toContain(`more than ${LIMITS.text} characters`);
  expect(readme).toContain(`the latest ${LIMITS.latest}.`);
  expect(readme).toContain(`its last ${LIMITS.history} messages`);
  expect(readme).toContain(`more than ${LIMITS.roomsPerConnection} rooms`);
});

// The tables of the README match the code.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseEnv } from "#lib/env";
import { schema } from "../src/env.ts";
import { clientFrameSchema, ERRORS, PROTOCOL } from "../src/protocol.ts";

const readme = await Bun.file(join(import.meta.dir, "../README.md")).text();

/** The text in backticks at the start of each row of the table with this header. */
function firstCells(head: string): string[] {
  const [, table = ""] = readme.split(new RegExp(`^\\| ${head} +\\|`, "m"));
  const [rows = ""] = table.split("\n\n");
  return [...rows.matchAll(/^\| `(.+?)` +\|/gm)].map(([, cell = ""]) => cell);
}

test("it lists every variable with its default", () => {
  const defaults: Record<string, unknown> = parseEnv(schema, {});
  expect(firstCells("variable").sort()).toEqual(Object.keys(schema.shape).sort());
  for (const [, name = "", value] of readme.matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| `(.+?)` +\|/gm)) {
    expect([name, String(defaults[name])]).toEqual([name, value ?? ""]);
  }
});

test("it names the protocol version, and lists every frame and every error code", () => {
  expect(readme).toContain(`{type: "welcome", you, protocol: ${PROTOCOL}}`);
  const types = firstCells("you send").map((frame) => /type: "(.+?)"/.exec(frame)?.[1] ?? "");
  expect(types).toEqual(clientFrameSchema.options.map(({ shape }) => shape.type.value));
  expect(firstCells("code")).toEqual(Object.keys(ERRORS));
});

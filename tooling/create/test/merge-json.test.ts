// Merging JSON: the user's comments stay.
import { expect, test } from "bun:test";
import { bytes } from "../src/flatten/file-map.ts";
import { mergeJson } from "../src/update/merge-json.ts";

const merge = (base: string, mine: string, theirs: string) =>
  mergeJson("settings.json", bytes(base), bytes(mine), bytes(theirs));

test("a comment in a value that only the template changed: the value stays and is reported", () => {
  const mine = '{\n  "list": [\n    "a", // Mine.\n    "b"\n  ]\n}\n';
  const merged = merge('{ "list": ["a", "b"] }', mine, '{ "list": ["a", "b", "c"], "new": 1 }');
  expect(merged?.text).toContain('"a", // Mine.\n');
  expect(merged?.text).toContain('"new": 1');
  expect(merged?.kept).toEqual([{ key: "list", theirs: '["a","b","c"]' }]);
});

test("a trailing comma is not a comment", () => {
  const merged = merge('{ "list": ["a"] }', '{ "list": ["a",] }', '{ "list": ["b"] }');
  expect(merged).toEqual({ text: '{ "list": ["b"] }', kept: [] });
});

test.each([
  ["between keys", '{\n  "a": 1,\n  // Mine.\n  "b": 2,\n  "c": 3\n}\n'],
  ["after it", '{\n  "a": 1,\n  "b": 2, // Mine.\n  "c": 3\n}\n'],
  ["before the comma", '{ "a": 1, "b": 2 /* Mine. */, "c": 3 }\n'],
  ["after the key before it", '{\r\n  "a": 1, // Mine.\r\n  "b": 2,\r\n  "c": 3\r\n}\r\n'],
])("a comment %s stays when a key is removed", (_, mine) => {
  const merged = merge('{ "a": 1, "b": 2, "c": 3 }', mine, '{ "a": 1, "c": 3 }');
  expect(merged?.text).toContain("Mine.");
  expect(Bun.JSONC.parse(merged?.text ?? "")).toEqual({ a: 1, c: 3 });
  expect(merged?.text.split("\n").filter((line) => line.trim() === "")).toEqual([""]);
});

test.each([
  '{\n  "a": 1 // Mine.\n}\n',
  '{\n  "a": 1, // Mine.\n}\n',
  '{\r\n  "a": 1, /* Mine. */\r\n  "b": 2\r\n}\r\n',
])("a comment stays beside its key when another one is added: %j", (mine) => {
  const before = Object(Bun.JSONC.parse(mine));
  const merged = merge(JSON.stringify(before), mine, JSON.stringify({ a: 1, new: 0, ...before }));
  expect(merged?.text.split("\n")[1]).toMatch(/"a": 1.*Mine\./);
  expect(merged?.text).toContain('\n  "new": 0');
  expect(Bun.JSONC.parse(merged?.text ?? "")).toEqual({ ...before, new: 0 });
});

test("a comment beside the only key stays when it is removed", () => {
  const merged = merge('{ "a": 1 }', '{\n  // Mine.\n  "a": 1 // Too.\n}\n', "{}");
  expect(merged?.text).toBe("{\n  // Mine.\n  // Too.\n}\n");
});

test.each(["{ /* Mine. */ }", "{\n  // Mine.\n}"])(
  "a comment in an empty object stays: %j",
  (mine) => {
    const merged = merge("{}", mine, '{ "new": 1 }');
    expect(merged?.text).toContain("Mine.");
    expect(Bun.JSONC.parse(merged?.text ?? "")).toEqual({ new: 1 });
  },
);

test("the record of the starter is that of the update, whatever the user's has", () => {
  const record = (without?: string[]) => ({ template: "tiny", version: "0.1.0", without });
  const merged = mergeJson(
    "package.json",
    bytes(JSON.stringify({ bunyard: record() })),
    bytes(JSON.stringify({ bunyard: record([]) })),
    bytes(JSON.stringify({ bunyard: record(["page"]) })),
  );
  expect(JSON.parse(merged?.text ?? "")).toEqual({ bunyard: record(["page"]) });
  expect(merged?.kept).toEqual([]);
});

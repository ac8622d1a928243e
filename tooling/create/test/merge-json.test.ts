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

test.each(["{ /* Mine. */ }", "{\n  // Mine.\n}"])(
  "a comment in an empty object stays: %j",
  (mine) => {
    const merged = merge("{}", mine, '{ "new": 1 }');
    expect(merged?.text).toContain("Mine.");
    expect(Bun.JSONC.parse(merged?.text ?? "")).toEqual({ new: 1 });
  },
);

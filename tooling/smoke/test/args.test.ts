// The command line: valid options, and refusals.
import { expect, test } from "bun:test";
import { parse, UsageError } from "../src/args.ts";

test("no options: all starters, packed from this tree, no files written", () => {
  expect(parse([])).toEqual({
    template: [],
    package: undefined,
    drift: false,
    json: undefined,
    keep: false,
    help: false,
  });
});

test("a starter that is named twice runs once", () => {
  expect(parse(["--template", "a", "--template=b", "--template", "a"]).template).toEqual([
    "a",
    "b",
  ]);
});

test.each([["--wat"], ["a"], ["--json"], ["--keep=yes"], ["-k"]])("%s is refused", (typed) => {
  expect(() => parse([typed])).toThrow(UsageError);
});

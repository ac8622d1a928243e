// Names of packages, and the nearest match of a mistyped word.
import { expect, test } from "bun:test";
import { nameProblem, normalizeName, packageName } from "../src/command/names.ts";
import { distance, nearest } from "../src/command/nearest.ts";

test.each([
  ["My App", "my-app"],
  ["Café", "cafe"],
  ["_hidden.", "hidden"],
  ["a~b(c)", "a-b-c"],
  ["v1.2", "v1.2"],
  ["日本", ""],
])("the directory %p suggests %p", (directory, name) => {
  expect(normalizeName(directory)).toBe(name);
});

test.each([
  ["my-app", undefined],
  ["@me/my-app", undefined],
  ["@me/http", undefined],
  ["", "empty"],
  ["@/app", "empty"],
  ["@me/", "empty"],
  ["My-App", "lower-case"],
  ["a b", "lower-case"],
  [".hidden", "starts with"],
  ["_hidden", "starts with"],
  ["node_modules", "reserved"],
  ["http", "reserved"],
  ["nul", "Windows"],
  ["com1.txt", "Windows"],
  ["a".repeat(215), "longer"],
])("the name %p: %p", (name, problem) => {
  if (problem === undefined) expect(nameProblem(name)).toBeUndefined();
  else expect(nameProblem(name)).toContain(problem);
});

test("a name that was asked for is taken as it is", () => {
  expect(packageName("@me/app", "other")).toBe("@me/app");
  expect(() => packageName(undefined, "日本")).toThrow(
    "\"日本\" can't be the package's name: no character",
  );
});

test("the nearest match is close, or there is none", () => {
  expect(nearest("tempalte", ["template", "name"])).toBe("template");
  expect(nearest("n", ["name", "no-git"])).toBeUndefined();
  expect(nearest("http", ["http-sse", "hmr-app"])).toBe("http-sse");
  expect(nearest("quux", ["template", "name"])).toBeUndefined();
  expect(distance("kitten", "sitting")).toBe(3);
});

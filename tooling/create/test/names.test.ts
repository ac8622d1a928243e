// Package names, and the nearest match for a mistyped word.
import { expect, test } from "bun:test";
import {
  directoryNameRefusal,
  nameProblem,
  nameRefusal,
  normalizeName,
} from "../src/command/names.ts";
import { distance, nearest } from "../src/nearest.ts";

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
  ["ffi", "reserved"],
  ["nul", "Windows"],
  ["com1.txt", "Windows"],
  ["a".repeat(215), "longer"],
])("the name %p: %p", (name, problem) => {
  if (problem === undefined) expect(nameProblem(name)).toBeUndefined();
  else expect(nameProblem(name)).toContain(problem);
});

test.each([
  ["/srv/node_modules", "node_modules"],
  ["/srv/node_modules/app", "node_modules"],
  ["/srv/.git", ".git"],
  ["/srv/.git/app", ".git"],
  ["/srv/a:b", ":"],
])("tools would not find a project in %p", (directory, misread) => {
  expect(directoryNameRefusal(directory)?.message).toContain(`below a "${misread}"`);
});

test("names that only contain those of skipped folders are fine", () => {
  expect(directoryNameRefusal("/srv/my_node_modules/.github/app.git")).toBeUndefined();
});

test("an invalid name is refused with a valid suggestion if there is one", () => {
  expect(nameRefusal("@me/app", undefined)).toBeUndefined();
  expect(nameRefusal("My App", undefined)?.hint).toBe("Use --name my-app");
  expect(nameRefusal("", "日本")).toMatchObject({
    message: '"日本" cannot be the package\'s name: it contains no Latin letter and no digit.',
    hint: "Choose one with --name <package-name>.",
  });
});

test("the nearest match is close, or undefined", () => {
  expect(nearest("tempalte", ["template", "name"])).toBe("template");
  expect(nearest("n", ["name", "no-git"])).toBeUndefined();
  expect(nearest("http", ["http-sse", "hmr-app"])).toBe("http-sse");
  expect(nearest("quux", ["template", "name"])).toBeUndefined();
  expect(distance("kitten", "sitting")).toBe(3);
});

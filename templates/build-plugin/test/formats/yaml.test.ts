// YAML: values, positions of errors, and values that are refused.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { yamlFormat } from "../../src/formats/yaml.ts";
import { writeTypes } from "../../src/types/write.ts";
import { Folder } from "../folder.ts";
import { errorOf, parse } from "./parse.ts";

describe("supports merge keys (`<<`)", () => {
  test.each([
    ["a: &a {x: 1}\nb: {<<: *a, y: 2}", { a: { x: 1 }, b: { x: 1, y: 2 } }],
    ["a: &a {x: 1}\nb: {y: 2, x: 3, <<: *a}", { a: { x: 1 }, b: { y: 2, x: 3 } }],
    ["a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}", { c: { x: 1, y: 2 } }],
    ["a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n", { c: { x: 1, y: 2 } }],
    ["a: {<<: {x: 1}}", { a: { x: 1 } }],
    ["a: &a {x: 1}\n<<: *a\n", { a: { x: 1 }, x: 1 }],
    ["a: &a [1]\nb: {c: &a {x: 1}, <<: *a}", { b: { c: { x: 1 }, x: 1 } }],
    ["a: &a [{x: 1}, {y: 2}]\nb: {<<: *a}", { b: { x: 1, y: 2 } }],
    ["a: {<<: &a {x: 1}}\nb: {<<: *a}\nc: [*a, *a]", { b: { x: 1 }, c: [{ x: 1 }, { x: 1 }] }],
    ["a: {<<: [&a {x: &b [1]}]}\nc: *a\nd: *b", { a: { x: [1] }, c: { x: [1] }, d: [1] }],
    ['a: {"<<": 1}', { a: { "<<": 1 } }],
  ])("%j", (text, expected) => {
    expect(parse(yamlFormat, text)).toMatchObject(expected);
  });

  test.each(["a: &a\n  x: 1\nb: {<<: *a}\n", "a: &a\n- x: 1\nb: {<<: *a}\n"])(
    "and locates an error in a merged value: %j",
    async (text) => {
      const schema = z.object({ b: z.object({ x: z.string() }) }).loose();
      const { diagnostics } = await errorOf(yamlFormat, text, { schema });
      expect(diagnostics).toMatchObject([{ line: 2, column: 6 }]);
    },
  );
});

test("a number of a million zeros is refused in linear time, unlike with backtracking", () => {
  const zeros = "0".repeat(1_000_000);
  for (const number of [`1${zeros}1`, `1.${zeros}1`]) {
    expect(() => parse(yamlFormat, `a: ${number}\n`)).toThrow("can't hold all of these digits");
  }
});

test("values are those of YAML 1.2", () => {
  const text =
    "[yes, 0o17, 0xff, 1_000, 12:30:45, 2026-01-02, ~, .inf, 1.10, -0, +5, 1e3, '0755', 0.10000000000000001]";
  expect(parse(yamlFormat, text)).toEqual([
    ...["yes", 15, 255, "1_000", "12:30:45", "2026-01-02", null],
    ...[Number.POSITIVE_INFINITY, 1.1, -0, 5, 1000, "0755", 0.1],
  ]);
});

test("a tag converts a value", () => {
  const text = "[!!float 1, !!float -0, !!float 1.5, !!float .inf, !!int 1, !!str 1, !!bool true]";
  const expected = [1, -0, 1.5, Number.POSITIVE_INFINITY, 1, "1", true];
  expect(parse(yamlFormat, text)).toEqual(expected);
});

test("an anchor may be unused if it is not text", () => {
  const text = 'a: &a\n  b: 1\nc: &c [1]\nd: &d "e"\nf: &f\ng: *f\n';
  const expected = { a: { b: 1 }, c: [1], d: "e", f: null, g: null };
  expect(parse(yamlFormat, text)).toEqual(expected);
});

test("comments are not values", () => {
  const text = "a: # one\nb:\n#c: 1\nd: #\n  - 1 #one\ne: '' #one\nf: ## one\ng: a # b\n";
  expect(parse(yamlFormat, text)).toEqual({ a: null, b: null, d: [1], e: "", f: null, g: "a" });
});

test("keys are the strings that are written", () => {
  const text = "007: a\n1.0: b\n123456789012345678: c\ntrue: d\n";
  expect(Object.keys(parse(yamlFormat, text) as object).toSorted()).toEqual(
    ["007", "1.0", "123456789012345678", "true"].toSorted(),
  );
});

describe("refuses values that would change silently:", () => {
  const cases: Record<string, [text: string, message: string]> = {
    "an integer that a number rounds": ["guild: 123456789012345678", "a.yaml:1:8: a number can't"],
    "an integer that JavaScript prints with other digits": [
      "phone: +491234567890123456",
      "a.yaml:1:8: a number can't",
    ],
    "a hexadecimal one": ["a: 0xfffffffffffffffff", "a.yaml:1:4: a number can't"],
    "an infinite hexadecimal one": [`a: 0x${"f".repeat(300)}`, "a.yaml:1:4: a number can't"],
    "a fraction with too many digits": ["- 0.12345678901234567890", "a.yaml:1:3: a number can't"],
    "a number that is too large": ["a: 1e400", "a.yaml:1:4: a number can't"],
    "a number that is too small": ["a: 1e-400", "a.yaml:1:4: a number can't"],
    "leading zeros": ["zip: 01234", "a.yaml:1:6: leading zeros would be lost"],
    "leading zeros of a fraction": ["- 00.5", "a.yaml:1:3: leading zeros"],
    "YAML 1.1": ["%YAML 1.1\n---\na: yes\n", "a.yaml:1:1: this is read as YAML 1.2"],
    "a duplicate key": ["a: 1\nb: 2\na: 3\n", "a.yaml:3:1: the key a is a duplicate"],
    "a key that is a duplicate after conversion": ['{1: a, "1": b}', "a.yaml:1:8: the key 1"],
    "text that is a question mark": ["- ?\n", "a.yaml:1:4: a key is empty"],
    "text that is a colon": ["a: [x, :]", "a.yaml:1:8: a key is empty"],
    "a merge of a text": ["a: {<<: b}", "a.yaml:1:5: a merge needs mappings"],
    "a tag of another schema": ["a: !!binary aGk=", "this tag is not supported"],
    "a tag that makes an object": ["a: !!js/function 'x'", "this tag is not supported"],
    "a key that is a list": ["? [a]\n: 1\n", "a.yaml:1:3: a key must be a string"],
    "a template's braces": ["title: {{ page.title }}", "a.yaml:1:9: a key must be a string"],
    "two documents": ["a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document starts here"],
    "a merge of a list": ["a: &a [1]\nb: {<<: *a}", "a.yaml:2:5: a merge needs mappings"],
    "an alias without its anchor": ["a: 1\nb: *c", "a.yaml:2:4: there is no anchor &c above"],
    "an alias above its anchor": ["a: *b\nb: &b 1", "a.yaml:1:4: there is no anchor &b above"],
    "a value that is a comment": ["a: 1\ncolor: #fff\n", "a.yaml:2:8: # starts a comment here"],
    "an item that is a comment": ["[\n#x\n{a: #b\n}]", "a.yaml:3:5: # starts a comment here"],
    "text that ends with a comment": ["a: 1\ntitle: Issue #5\n", "a.yaml:2:14: # starts a comment"],
    "a key that ends with a comment": ["? a #b\n: 1\n", "a.yaml:1:5: # starts a comment"],
    "text that starts with a tag": ["- 1\n- ! note\n", "a.yaml:2:3: ! is a tag here"],
    "text that is a tag": ["a: !\n", "a.yaml:1:4: ! is a tag here"],
    "text that is the header of a block": ["size: >5\nb: 1\n", "a.yaml:1:7: an empty block"],
    "text that is another header of a block": ["- |-2", "a.yaml:1:3: an empty block"],
    "text that is an anchor": ["a: 1\ntitle: &nbsp\n", "a.yaml:2:8: no alias uses this anchor"],
    "text that is an anchor with the name of a later one": [
      "a: &team lead\nb: &team member\nc: *team\n",
      "a.yaml:1:4: no alias uses this anchor",
    ],
    "text that starts with an anchor": ["- &Friends are here", "a.yaml:1:3: no alias uses"],
    "a carriage return as a line end": ["- a\r- b\r", "a.yaml:1:4: a carriage return alone"],
    "a large float without a point": ["a: !!float 9007199254740993", "a.yaml:1:12: a number can't"],
    "a date with a tag": ["a: !!timestamp 2001-01-01", "a.yaml:1:4: this tag is not"],
    "a large integer with a tag": [
      "a: !!int '12345678901234567890'",
      "a.yaml:1:10: a number can't",
    ],
  };
  test.each(Object.entries(cases))("%s", async (_, [text, message]) => {
    const error = await errorOf(yamlFormat, text);
    expect(error).toMatchObject({ code: "syntax", message: expect.stringContaining(message) });
  });
});

describe("an error", () => {
  const schema = z.strictObject({
    members: z.array(z.object({ name: z.string(), age: z.number() })),
  });

  test("has a code frame with a mark below the mistake", async () => {
    const text = "members:\n\n  - name: Ada\n    age: old\n";
    const error = await errorOf(yamlFormat, text, { schema });
    expect(error.message).toEndWith(
      `a.yaml:4:10: members[0].age: Invalid input: expected number, received string

  2 |
  3 |   - name: Ada
> 4 |     age: old
    |          ^^^`,
    );
    expect(error.diagnostics).toMatchObject([{ line: 4, column: 10, length: 3 }]);
  });

  test("has no stack trace, which would show this package's source", async () => {
    const { stack } = await errorOf(yamlFormat, "a: [");
    expect(stack ?? "").not.toContain("    at ");
  });

  test("of a schema lists all issues", async () => {
    const text = "members:\n  - name: 1\n    age: old\n  - age: 3\nextra: 1\n";
    const { code, diagnostics } = await errorOf(yamlFormat, text, { schema });
    expect(code).toBe("schema");
    expect(diagnostics.map(({ line, column }) => [line, column])).toEqual([
      [2, 11],
      [3, 10],
      [4, 5], // the member without a name
      [1, 1], // the document that has a key too many
    ]);
    expect(diagnostics[2]?.message).toBe("members[1].name is missing");
  });

  test("is located behind an alias, and after tabs, wide characters and CRLF", async () => {
    const aliased = "a: &x { age: old }\r\nmembers: [*x]\r\n";
    const loose = z.object({ members: z.array(z.object({ age: z.number() })) });
    const [found] = (await errorOf(yamlFormat, aliased, { schema: loose })).diagnostics;
    expect(found).toMatchObject({ line: 1, column: 14, lineText: "a: &x { age: old }" });
    const byKey = z.record(z.string(), z.object({ a: z.number() }));
    const [after] = (await errorOf(yamlFormat, '"🎉":\t{ a: x }\n', { schema: byKey })).diagnostics;
    expect(after).toMatchObject({ line: 1, column: 12 });
    expect(after?.frame).toBe('> 1 | "🎉":\t{ a: x }\n    |      \t     ^');
  });
});

test("exponential aliases and deep nesting are refused, and a mapping with many keys is accepted", async () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    .concat(
      [..."bcdefghi"].map((key, at) => `${key}: &${key} [${`*${"abcdefgh"[at]}, `.repeat(9)}]`),
    )
    .join("\n");
  expect((await errorOf(yamlFormat, bomb)).message).toContain("is used more than 100 times");
  expect((await errorOf(yamlFormat, "a: &a [*a]")).code).toBe("value");
  expect((await errorOf(yamlFormat, "[".repeat(50_000))).message).toMatch(/too deeply|a\.yaml:1:/);
  const deep = `${"[".repeat(300)}${"]".repeat(300)}`;
  expect((await errorOf(yamlFormat, deep)).message).toContain("too deeply");
  const keys = Array.from({ length: 50_000 }, (_, index) => `key-${index}: 1\n`);
  expect(Object.keys(parse(yamlFormat, keys.join("")) as object)).toHaveLength(50_000);
});

const aliases = (name: string, count: number) => `- *${name}\n`.repeat(count);

test("an anchor may have 100 aliases, and others as many", () => {
  const text = `- &a 1\n- &b {c: 2}\n${aliases("a", 100)}${aliases("b", 100)}`;
  expect(parse(yamlFormat, text)).toHaveLength(202);
  const message = "a.yaml:1:3: the anchor &a is used more than 100 times: repeat the value instead";
  expect(() => parse(yamlFormat, text + aliases("a", 1))).toThrow(message);
});

test("an alias within another anchor counts once for each use of that anchor", () => {
  const text = (uses: number) => `- &a 1\n- &b [*a, *a]\n${"- *b\n".repeat(uses)}`;
  expect(parse(yamlFormat, text(49))).toHaveLength(51);
  expect(() => parse(yamlFormat, text(50))).toThrow("a.yaml:1:3: the anchor &a is used more than");
});

test.each([
  [`- &a 1\n${aliases("a", 60)}- &b [*a]\n${aliases("b", 2)}`, 63],
  [`- &a 1\n- &b [*a]\n${aliases("b", 49)}${aliases("a", 50)}`, 100],
  [`- &a 1\n- &b [*a]\n${aliases("b", 50)}${aliases("a", 50)}`, 101],
  [`- &a 1\n- &b [*a]\n${aliases("b", 100)}${aliases("a", 99)}`, 200],
  // Both b and its copy contain 20 aliases of a in c, and 20 in each alias of c.
  [`- &b [&a 1, &c [${"*a, ".repeat(20)}], *c]\n${aliases("b", 1)}`, 80],
  [`- &b [&a 1, &c [${"*a, ".repeat(20)}], *c, *c]\n${aliases("b", 1)}`, 120],
])("the uses of an anchor are those of the expanded document: %j has %d", (text, uses) => {
  if (uses <= 100) expect(parse(yamlFormat, text)).toBeArray();
  else expect(() => parse(yamlFormat, text)).toThrow("the anchor &a is used more than 100 times");
});

test.each(["- &a 1\n- &b [*a]\n- *b\n", "- &a {x: 1}\n- &b {<<: *a}\n- {<<: *b}\n"])(
  "thousands of anchors take linear time: %j",
  (text) => {
    // Quadratic time would exceed the timeout.
    expect(parse(yamlFormat, text.repeat(60_000))).toHaveLength(180_000);
  },
);

test.each(["a: &a {<<: *a}", "a: &a {b: {<<: *a}}", "a: &a [*a]", "a: &a {b: [&c 1, *c, *a]}"])(
  "an anchor that contains its own alias is refused at the alias: %j",
  async (text) => {
    const { code, diagnostics } = await errorOf(yamlFormat, text);
    expect(code).toBe("value");
    const column = text.indexOf("*a") + 1;
    expect(diagnostics).toMatchObject([{ column, message: "the anchor &a refers to itself" }]);
  },
);

test("nested merges do not take exponential time", async () => {
  const merges = [..."bcdefghij"].map(
    (key, at) => `${key}: &${key} {<<: [${`*${"abcdefghi"[at]}, `.repeat(12)}]}`,
  );
  const error = await errorOf(yamlFormat, `a: &a {x: 1}\n${merges.join("\n")}`);
  expect(error.message).toContain("is used more than 100 times");
});

test("a declaration of a value that refers to itself is refused with its file", async () => {
  using folder = new Folder();
  await folder.write({ "a.yaml": "a: &a {b: *a}\n" });
  await expect(writeTypes(folder.path)).rejects.toThrow(
    /a\.yaml:1:11: the anchor &a refers to itself/,
  );
});

test("__proto__ is an ordinary key at every depth", () => {
  const data = parse(yamlFormat, "__proto__: { a: 1 }\nb:\n  __proto__: { c: 2 }\n");
  expect(JSON.stringify(data)).toBe('{"__proto__":{"a":1},"b":{"__proto__":{"c":2}}}');
  expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
});

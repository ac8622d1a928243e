// JSON Lines: values, positions of errors, and values that JSON.parse would change silently.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { Source } from "../../src/format.ts";
import { jsonlFormat } from "../../src/formats/jsonl.ts";
import { errorOf, parse } from "./parse.ts";

test("each line that is not blank is a value", () => {
  expect(parse(jsonlFormat, '{"a": 1}\r\n\n  [null, "x"]\n-0\n"\\"{"\n')).toEqual([
    { a: 1 },
    [null, "x"],
    -0,
    '"{',
  ]);
  expect(parse(jsonlFormat, "")).toEqual([]);
});

test("U+2028 and U+2029 do not end a line", () => {
  const rows = ["a\u2028b", "\u2029"];
  expect(parse(jsonlFormat, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))).toEqual(rows);
});

test("__proto__ is a key", () => {
  expect(JSON.stringify(parse(jsonlFormat, '{"__proto__": {"a": 1}}'))).toBe(
    '[{"__proto__":{"a":1}}]',
  );
});

describe("refuses", () => {
  const cases: Record<string, [text: string, place: string]> = {
    "a line that is not JSON": ['{"a": 1}\n{a: 1}\n', "a.jsonl:2:1: "],
    "a carriage return as a line end": ["1\r2\n", "a.jsonl:1:1: "],
    "a duplicate key": ['\n{"b": {"a": 1}, "a": 1, "\\u0061": 2}', "a.jsonl:2:25: the key"],
    "an integer that a number rounds": [
      '{"id": 123456789012345678}',
      "a.jsonl:1:8: a number can't",
    ],
    "an integer that JavaScript prints with other digits": [
      "123456789012345664",
      "a.jsonl:1:1: a number can't",
    ],
    "a fraction that a number rounds": ["[0.1, 0.12345678901234567890]", "a.jsonl:1:7: "],
    "a number that is too large": ["1e400", "a.jsonl:1:1: "],
    "a number that is too small": ["1e-400", "a.jsonl:1:1: "],
  };
  test.each(Object.entries(cases))("%s", async (_, [text, place]) => {
    expect((await errorOf(jsonlFormat, text)).message).toContain(place);
  });
});

test("keeps numbers that JavaScript prints differently without losing digits, and numbers in strings", () => {
  const text =
    '[1.10, 1e21, 100000000000000000000, 9007199254740992.0, 0.30000000000000004, "123456789012345678"]';
  expect(parse(jsonlFormat, text)).toEqual([
    [1.1, 1e21, 1e20, 2 ** 53, 0.30000000000000004, "123456789012345678"],
  ]);
});

describe("a schema", () => {
  const schema = z.array(z.object({ title: z.string(), tags: z.array(z.string()).optional() }));

  test("reports a missing field as missing, with the line of the object", async () => {
    const { message } = await errorOf(jsonlFormat, '{"title": "a"}\n{}\n', { schema });
    expect(message).toContain("a.jsonl:2:1: [1].title is missing");
  });

  test("reports an invalid field by its path", async () => {
    const { message } = await errorOf(jsonlFormat, '{"title": "a", "tags": [1]}\n', { schema });
    expect(message).toContain("a.jsonl:1:1: [0].tags[0]: ");
  });

  test("that throws or rejects is reported as an error of the content", async () => {
    const failing = (validate: () => never | Promise<never>) => ({
      schema: { "~standard": { version: 1 as const, vendor: "test", validate } },
    });
    const throws = failing(() => {
      throw new Error("no connection");
    });
    const rejects = failing(() => Promise.reject(new Error("no connection")));
    for (const options of [throws, rejects]) {
      expect(await errorOf(jsonlFormat, "1\n", options)).toMatchObject({
        code: "schema",
        message: expect.stringContaining("the schema threw: Error: no connection"),
      });
    }
  });
});

test("control characters in content and file names do not reach the terminal", async () => {
  const { message, diagnostics } = await errorOf(jsonlFormat, "\u001b]0;title\u0007 \u009b31m\n");
  expect(diagnostics[0]?.lineText).toBe("␛]0;title␇ \ufffd31m");
  const named = new Source("/content/\u001b[31m.jsonl", "").error("syntax", [0, 0], "is empty");
  expect(named.message).toBe("/content/␛[31m.jsonl:1:1: is empty");
  expect(message).toContain("␛]0;title␇ \ufffd31m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(message).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
});

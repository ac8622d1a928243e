// Malicious files are refused with an error, or are harmless in the bundle.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import { z } from "zod";
import { jsonlFormat } from "../src/formats/jsonl.ts";
import { ContentError, createPlugin, jsonl, writeTypes } from "../src/index.ts";
import { createLoader, readSource } from "../src/load.ts";
import * as rollup from "../src/rollup.ts";
import type { Schema } from "../src/schema.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { bundleText, load } from "./load.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

test("no text in a bundle can end a script element or a line", async () => {
  using folder = new Folder();
  const text = String.raw`{"</script>": "</SCRIPT ><!-- \u2028 \u2029 <![CDATA["}`;
  await folder.write({ "a.jsonl": text });
  const bundle = await bundleText(folder.at("a.jsonl"), jsonl());
  expect(bundle).not.toMatch(/<\/script|<!--|[\u2028\u2029]/i);
  const { default: document } = await load(folder, "a.jsonl", jsonl());
  expect(document).toEqual([JSON.parse(text)]);
});

test("a schema that rejects every line shows the first 20", async () => {
  using folder = new Folder();
  await folder.write({ "a.jsonl": '"a"\n'.repeat(50_000) });
  const failed = load(folder, "a.jsonl", jsonl({ schema: z.array(z.number()) }));
  await expect(failed).rejects.toThrow(
    "a.jsonl:20:1: [19]: Invalid input: expected number, received string, and 49980 more",
  );
});

// A search with backtracking would take minutes.
test("a number of a million zeros is read or refused in linear time", async () => {
  using folder = new Folder();
  const zeros = "0".repeat(1_000_000);
  await folder.write({ "a.jsonl": `1${zeros}1\n`, "b.jsonl": `1.${zeros}\n` });
  await expect(load(folder, "a.jsonl", jsonl())).rejects.toThrow("can't hold all of these digits");
  expect((await load(folder, "b.jsonl", jsonl())).default).toEqual([1]);
});

describe("refused:", () => {
  const cases: Record<string, [text: string | Uint8Array, message: RegExp]> = {
    "deep nesting": [`${"[".repeat(300)}${"]".repeat(300)}`, /too deeply/],
    "nesting that is too deep for any parser": ["[".repeat(500_000), /too deeply|a\.jsonl:1:1/],
    "more than a mebibyte": [`"${"x".repeat(1024 * 1024)}"`, /limit, maxBytes, is 1048576/],
    "a file that is not UTF-8": [new Uint8Array([0x22, 0xff, 0x22]), /not UTF-8/],
  };
  test.each(Object.entries(cases))("%s", async (_, [text, message]) => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": text });
    await expect(load(folder, "a.jsonl", jsonl())).rejects.toThrow(message);
  });

  test("a file whose symbolic link leaves the root", async () => {
    using folder = new Folder();
    await folder.write({ "out/secret.jsonl": "1\n", "in/a.jsonl": "1\n", "in2/a.jsonl": "1\n" });
    await symlink(folder.at("out/secret.jsonl"), folder.at("in/link.jsonl"));
    const plugin = jsonl({ root: folder.at("in") });
    expect((await load(folder, "in/a.jsonl", plugin)).default).toEqual([1]);
    for (const file of ["in/link.jsonl", "out/secret.jsonl", "in2/a.jsonl"]) {
      await expect(load(folder, file, plugin)).rejects.toThrow("is outside");
    }
  });

  test("a device without an end of file, and a folder", async () => {
    using folder = new Folder();
    await folder.write({ "folder.jsonl/a": "" });
    await symlink("/dev/zero", folder.at("zero.jsonl"));
    for (const file of ["zero.jsonl", "folder.jsonl"]) {
      expect(() => readSource(folder.at(file), {})).toThrow("is not a file");
    }
  });

  test("a value of a schema that cannot be written into a module, with its line", async () => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": '1\n{"c": 2}\n' });
    const row = z.object({ c: z.number().transform((c) => () => c) });
    const schema = z.tuple([z.number(), row]);
    await expect(load(folder, "a.jsonl", jsonl({ schema }))).rejects.toThrow(
      /a\.jsonl:2:1: a function/,
    );
  });

  test.each([
    ["a symbol as a key", { [Symbol("s")]: 1 }, "an object with symbols"],
    ["an array with a hole", Object.assign([], { 2: 1 }), "an array with holes"],
    ["an array with a property", /a/.exec("a"), "an array with holes or properties"],
    [
      "an array with as many holes as properties",
      Object.assign(Array(2), { 0: 1, x: 1 }),
      "an array with holes or properties",
    ],
    ["a map", new Map([[1, 2]]), "a Map"],
    ["an error", new Error("no"), "an Error can't"],
    ["an object of a class without a name", new (class {})(), "an object can't"],
    ["an object without a constructor", Object.create(Object.create(null)), "an object can't"],
  ])("%s that a schema makes", async (_, value, message) => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": "1\n" });
    const schema = z.any().transform(() => value);
    await expect(load(folder, "a.jsonl", jsonl({ schema }))).rejects.toThrow(message);
  });

  test("a root that is not a path, with the actual reason", () => {
    expect(() => readSource("a.jsonl", { root: 1 as never })).toThrow(/path/);
  });

  test("a missing file", async () => {
    using folder = new Folder();
    await expect(load(folder, "gone.jsonl", jsonl())).rejects.toThrow();
  });
});

test.each(["1mb", Number.NaN, 0, -1, null])(
  "maxBytes may not be %p, which would switch off the limit or refuse every file",
  async (maxBytes) => {
    const options = { maxBytes: maxBytes as number };
    const message = `maxBytes must be a positive number of bytes, not the ${typeof maxBytes} ${maxBytes}`;
    expect(() => jsonl(options)).toThrow(message);
    await expect(writeTypes(".", options)).rejects.toThrow(message);
  },
);

test("a bug of a format is not reported as nesting", async () => {
  using folder = new Folder();
  await folder.write({ "a.txt": "" });
  const parse = () => ({ data: new Date(Number.NaN).toISOString(), locate: () => [0, 0] as const });
  const format = { name: "dates", extensions: ["txt"], parse };
  await expect(load(folder, "a.txt", createPlugin(format))).rejects.not.toThrow("too deeply");
});

test("an error has no cause of this package, which Bun would print with its control characters", async () => {
  using folder = new Folder();
  const files = { "a.jsonl": '{"a": \u001b[31mb}', "b.jsonl": "[".repeat(300) + "]".repeat(300) };
  await folder.write(files);
  const { load } = createLoader(jsonlFormat);
  for (const file of [...Object.keys(files), "missing.jsonl"]) {
    const error = await Promise.try(load, folder.at(file)).catch((error) => error);
    expect(error).toBeInstanceOf(ContentError);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
    expect(Bun.inspect(error)).not.toMatch(/\u001b| {4}at /);
  }
});

test("a filter with the flag g matches every file", async () => {
  using folder = new Folder();
  await folder.write({ "a.jsonl": "1\n" });
  const { load } = rollup.jsonl({ filter: /\.jsonl$/g });
  const context = { error: expect.unreachable };
  for (const _ of "12") expect(await load.call(context, folder.at("a.jsonl"))).not.toBeNull();
});

test("a schema may return a promise of another realm, and reject without an issue", async () => {
  using folder = new Folder();
  await folder.write({ "a.jsonl": "1\n" });
  const schemaOf = (result: object): Schema => ({
    "~standard": { version: 1, vendor: "test", validate: () => result as never },
  });
  const promise = runInNewContext("Promise.resolve({ value: 2 })");
  const module = await load(folder, "a.jsonl", jsonl({ schema: schemaOf(promise) }));
  expect(module.default).toBe(2);
  const rejected = load(folder, "a.jsonl", jsonl({ schema: schemaOf({ value: 2, issues: [] }) }));
  await expect(rejected).rejects.toThrow("a.jsonl:1:1: the schema gives no reason");
});

test("a schema may return dates, big integers and undefined", async () => {
  using folder = new Folder();
  await folder.write({ "a.jsonl": '"2026-01-02"\n"123"\n"x"\n' });
  const nothing = z.string().transform(() => undefined);
  const schema = z.tuple([z.coerce.date(), z.coerce.bigint(), nothing]);
  const { default: document } = await load(folder, "a.jsonl", jsonl({ schema }));
  expect(document).toEqual([new Date("2026-01-02"), 123n, undefined]);
});

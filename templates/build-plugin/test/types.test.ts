// Declarations of content: their text, the types that TypeScript reads from them, and their updates.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { rename, rm, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Format } from "../src/format.ts";
import { declareModule } from "../src/types/declaration.ts";
import {
  type ContentSchema,
  type TypesResult,
  watchTypes,
  writeTypes,
} from "../src/types/write.ts";
import { bun, COMMAND_TIMEOUT, command, hasNode } from "./command.ts";
import { Folder } from "./folder.ts";
import { until } from "./until.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const declare = (document: unknown) => declareModule({}, { data: document, document });

describe("without a schema, types are inferred from the values", () => {
  const lines = (document: unknown) => declare(document).split("\n").slice(2);

  test("with an interface per object type, and optional keys", () => {
    const members = [{ name: "Ada", born: 1815 }, { name: "Grace" }];
    expect(lines({ members, "no-name": [1, "a", null, [true]] })).toEqual([
      "interface Document {",
      "  readonly members: ReadonlyArray<Members>;",
      '  readonly "no-name": ReadonlyArray<ReadonlyArray<boolean> | null | number | string>;',
      "}",
      "",
      "interface Members {",
      "  readonly name: string;",
      "  readonly born?: number;",
      "}",
      "",
      "type Content = Document;",
      "",
      'export declare const members: Content["members"];',
      "declare const document: Content;",
      "export default document;",
      "",
    ]);
  });

  test.each<[string, (index: number) => object]>([
    ["different keys", (index) => ({ [`key${index}`]: 1 })],
    ["different objects with equal names", (index) => ({ [`${index}`]: { a: 1 } })],
  ])("in linear time for 80,000 %s", (_, make) => {
    const rows = Array.from({ length: 80_000 }, (_, index) => make(index));
    expect(lines(rows).filter((line) => /^ {2}readonly \S+\?:/.test(line))).toHaveLength(80_000);
  });

  test("for all names of keys", async () => {
    using folder = new Folder();
    const words = ["Record", "Readonly", "Content", "Document", "document", "document_", "schema"];
    words.push("größe", "key7", "\u{18da3}"); // the last is a letter since Unicode 17
    const document = Object.fromEntries(words.map((word) => [word, { empty: {} }]));
    const wrapped = { documentType: (data: string) => `{ readonly inner: ${data} }` };
    const schema = { module: "./schema.ts", export: "schema" };
    await folder.write({
      "schema.ts": "export declare const schema: { '~standard': { types?: { output: any } } };",
      "a.d.jsonl.ts": declare(document),
      "b.d.jsonl.ts": declareModule(wrapped, { data: document, document: { inner: document } }),
      "c.d.jsonl.ts": declareModule({}, { data: document, document }, schema),
      "use.ts": `import { größe, "\u{18da3}" as last } from "./a.jsonl";
export const values: readonly object[] = [größe.empty, last.empty];\n`,
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          ...{ strict: true, target: "es2022", module: "esnext", moduleResolution: "bundler" },
          ...{ allowArbitraryExtensions: true, noEmit: true, allowImportingTsExtensions: true },
          types: [],
        },
      }),
    });
    const tsc = await bun(import.meta.dir, "x", "tsc", "-p", folder.path);
    expect(tsc).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test.each([
    [null, "null"],
    [{}, "Readonly<Record<string, never>>"],
    [[], "ReadonlyArray<never>"],
    ["a", "string"],
  ])("%j", (document, type) => {
    expect(lines(document)[0]).toBe(`type Content = ${type};`);
  });
});

describe("writeTypes", () => {
  const names = (folder: Folder, { written, removed, ...rest }: TypesResult) => {
    const short = (paths: readonly string[]) =>
      paths.map((path) => path.slice(folder.path.length + 1));
    return { ...rest, written: short(written), removed: short(removed) };
  };

  test("writes missing and outdated declarations, and removes those without content", async () => {
    using folder = new Folder();
    await folder.write({
      "a.jsonl": "1\n",
      "deep/q?x #.NDJSON": '"text"\n',
      "gone.d.jsonl.ts": "// Generated from the file beside it.\n",
      "._a.jsonl": new Uint8Array([0xff]), // written by macOS
      "mine.d.jsonl.ts": "// Written by hand.\n",
      "other.d.ts": "export {};\n",
      "node_modules/b.jsonl": "not JSON",
      "text.txt": "not content",
    });
    await symlink("me@host.1234", folder.at(".#a.jsonl")); // Emacs, while somebody edits
    const first = names(folder, await writeTypes(folder.path));
    expect(first).toEqual({
      count: 2,
      written: ["a.d.jsonl.ts", "deep/q?x #.d.NDJSON.ts"],
      removed: ["gone.d.jsonl.ts"],
    });
    expect(await Bun.file(folder.at("a.d.jsonl.ts")).text()).toContain("ReadonlyArray<number>");
    expect(await Bun.file(folder.at("other.d.ts")).exists()).toBe(true);
    // White space as a formatter would change it.
    await folder.write({
      "a.d.jsonl.ts": (await Bun.file(folder.at("a.d.jsonl.ts")).text()).replaceAll(" ", "  "),
    });
    expect(names(folder, await writeTypes(folder.path))).toEqual({
      count: 2,
      written: [],
      removed: [],
    });
  });

  test.each(["", "// Generated fr"])(
    "replaces what a full disk or a kill has left of a declaration: %p",
    async (text) => {
      using folder = new Folder();
      await folder.write({ "a.jsonl": "1\n", "a.d.jsonl.ts": text });
      const result = await writeTypes(folder.path);
      expect(names(folder, result).written).toEqual(["a.d.jsonl.ts"]);
    },
  );

  test("follows symbolic links", async () => {
    using folder = new Folder();
    await folder.write({ "content/a.jsonl": "1\n", "linked/b.jsonl": "1\n" });
    await symlink("../linked", folder.at("content/folder"));
    await symlink(".", folder.at("content/loop"));
    const { written } = names(folder, await writeTypes(folder.at("content")));
    expect(written).toEqual(["content/a.d.jsonl.ts", "content/folder/b.d.jsonl.ts"]);
  });

  test.each(["ab-c", "a  b-c", '\\"a b-c'])("notices that a key becomes %p", async (key) => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": '{"a b-c": 1}\n' });
    await writeTypes(folder.path);
    await folder.write({ "a.jsonl": `{"${key}": 1}\n` });
    expect(names(folder, await writeTypes(folder.path)).written).toEqual(["a.d.jsonl.ts"]);
  });

  test.each([
    ['"größe"', "größe"],
    [String.raw`"\\\"b"`, String.raw`'\\"b'`],
    ["B | number", "\n    | B\n    | number"],
    [";", ""],
  ])("ignores that a formatter changes %j to %j", async (printed, formatted) => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": String.raw`{"größe": 1, "\\\"b": [1, {"c": 2}]}` });
    await writeTypes(folder.path);
    const text = await Bun.file(folder.at("a.d.jsonl.ts")).text();
    expect(text).toContain(printed);
    await folder.write({ "a.d.jsonl.ts": text.replaceAll(printed, formatted) });
    expect(names(folder, await writeTypes(folder.path)).written).toEqual([]);
  });

  test("skips ignored folders", async () => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": "1\n", "public/b.jsonl": "oops", "public2/c.jsonl": "1\n" });
    const result = await writeTypes(folder.path, { ignore: [folder.at("public")] });
    expect(names(folder, result).written).toEqual(["a.d.jsonl.ts", "public2/c.d.jsonl.ts"]);
  });

  test("checks without writing", async () => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": "1\n" });
    const result = await writeTypes(folder.path, { check: true });
    expect(names(folder, result).written).toEqual(["a.d.jsonl.ts"]);
    expect(await Bun.file(folder.at("a.d.jsonl.ts")).exists()).toBe(false);
  });

  test("removes the declaration of a removed file whose extension has a dot", async () => {
    using folder = new Folder();
    await folder.write({
      "a.data.json": "1\n",
      "b.d.json.ts": "// Generated from the file beside it.\n",
    });
    const data: Format = {
      name: "data",
      extensions: ["data.json"],
      parse: ({ text }) => ({ data: JSON.parse(text), locate: () => [0, 0] }),
    };
    await writeTypes(folder.path, { formats: [data] });
    await rm(folder.at("a.data.json"));
    const { removed } = names(folder, await writeTypes(folder.path, { formats: [data] }));
    expect(removed).toEqual(["a.data.d.json.ts"]);
  });

  test("uses the type of a schema, and supports custom formats", async () => {
    using folder = new Folder();
    await folder.write({ "content/a.jsonl": "1\n", "content/b.c++": "x y" });
    const schema = z.array(z.number());
    const words: Format = {
      name: "words",
      extensions: ["c++"],
      parse: ({ text }) => ({ data: text.split(" "), locate: () => [0, 0] }),
    };
    await writeTypes(folder.at("content"), {
      formats: [words],
      schemas: [
        {
          filter: /\.jsonl$/,
          schema,
          module: folder.at('content/.the "schemas"/all.ts'),
          export: "numbers",
        },
      ],
    });
    expect(await Bun.file(folder.at("content/a.d.jsonl.ts")).text()).toContain(
      String.raw`type Schema = typeof import("./.the \"schemas\"/all.ts").numbers;`,
    );
    expect(await Bun.file(folder.at("content/b.d.c++.ts")).text()).toContain(
      "ReadonlyArray<string>",
    );
  });

  test("chooses the schema of a linked file by the path of its target, as the hosts do", async () => {
    using folder = new Folder();
    await folder.write({ "drafts/a.jsonl": '"a"\n', "notes/b.jsonl": "1\n" });
    await symlink("../drafts/a.jsonl", folder.at("notes/a.jsonl"));
    await symlink("../notes/b.jsonl", folder.at("drafts/b.jsonl"));
    const schema = z.array(z.number());
    const notes = { filter: /[/\\]notes[/\\]/, schema, module: folder.at("s.ts"), export: "notes" };
    await writeTypes(folder.path, { schemas: [notes] });
    for (const [path, hasSchema] of Object.entries({ "notes/a": false, "drafts/b": true })) {
      const text = await Bun.file(folder.at(`${path}.d.jsonl.ts`)).text();
      expect(text.includes("type Schema =")).toBe(hasSchema);
    }
  });

  test("applies a schema only to files of its format, if it names one", async () => {
    using folder = new Folder();
    await folder.write({ "notes/a.jsonl": "1\n", "notes/b.words": "x y" });
    const words: Format = {
      name: "words",
      extensions: ["words"],
      parse: ({ text }) => ({ data: text.split(" "), locate: () => [0, 0] }),
    };
    const entry = { filter: /[/\\]notes[/\\]/, schema: z.array(z.number()), module: "schemas.ts" };
    const write = (...schemas: ContentSchema[]) =>
      writeTypes(folder.path, { formats: [words], schemas });
    await expect(write({ ...entry, export: "any" })).rejects.toThrow("b.words:1:1: [0]");
    await write(
      { ...entry, export: "numbers", format: "jsonl" },
      { ...entry, export: "texts", format: "words", schema: z.array(z.string()) },
    );
    const declaration = (path: string) => Bun.file(folder.at(path)).text();
    expect(await declaration("notes/a.d.jsonl.ts")).toContain('schemas.ts").numbers;');
    expect(await declaration("notes/b.d.words.ts")).toContain('schemas.ts").texts;');
  });

  test("refuses a file in place of the folder, also when it watches", async () => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": "1\n" });
    for (const start of [writeTypes, watchTypes]) {
      await expect(start(folder.at("a.jsonl"))).rejects.toThrow(
        "a.jsonl is a file: name the folder that contains it",
      );
    }
  });

  test.each([
    ["is invalid", "oops\n", "b.jsonl:1:1:"],
    ["cannot be written into a module", "[".repeat(300) + "]".repeat(300), "too deeply"],
  ])("writes nothing if a file %s", async (_, text, message) => {
    using folder = new Folder();
    await folder.write({ "a.jsonl": "1\n", "b.jsonl": text });
    await expect(writeTypes(folder.path)).rejects.toThrow(message);
    expect(await Bun.file(folder.at("a.d.jsonl.ts")).exists()).toBe(false);
  });
});

test("watchTypes reports edits and errors, and survives the replacement of the folder", async () => {
  using folder = new Folder();
  await folder.write({ "content/a.jsonl": "1\n" });
  const results: (TypesResult | Error)[] = [];
  const stop = new AbortController();
  const ended = watchTypes(folder.at("content"), {
    signal: stop.signal,
    report: (result) => results.push(result),
  });
  const untilDeclared = (type: string) =>
    until(`the declaration of ${type}`, async () => {
      const text = await Bun.file(folder.at("content/a.d.jsonl.ts")).text();
      return text.includes(type);
    });
  await untilDeclared("number");
  await folder.write({ "content/a.jsonl": "oops oops\n" });
  await until("an error", () => results.some((result) => result instanceof Error));
  await folder.write({ "content/a.jsonl": '"text"\n' });
  await untilDeclared("string");
  const count = results.length;
  await utimes(folder.at("content/a.jsonl"), 1, 1);
  await until("another result", () => results.length > count);
  // With the same size and the same time, as of a file that was restored from an archive.
  await folder.write({ "content/a.jsonl": "123456\n" });
  await utimes(folder.at("content/a.jsonl"), 1, 1);
  await untilDeclared("number");
  await rename(folder.at("content"), folder.at("old"));
  await folder.write({ "content/a.jsonl": "true\n" });
  await untilDeclared("boolean");
  await rm(folder.at("content"), { recursive: true });
  stop.abort();
  await ended;
});

test.skipIf(!hasNode)(
  "the command writes and checks declarations, and reports errors, on Node.js",
  async () => {
    using folder = new Folder();
    await folder.write({ "content/a.jsonl": "1\n" });
    const { outputs } = await Bun.build({
      entrypoints: [join(import.meta.dir, "../src/command.ts")],
      target: "node",
    });
    await folder.write({
      "command.mjs": (await outputs[0]?.text()) ?? "",
      "package.json": '{ "name": "@ann/prices" }',
    });
    const types = (...args: string[]) =>
      command(folder.path, ["node", folder.at("command.mjs"), ...args]);
    expect(await types("content", "--check")).toMatchObject({
      exitCode: 1,
      stdout: "out of date content/a.d.jsonl.ts\ndeclarations: 1\n",
    });
    await folder.write({ "content/\u001b[31m.jsonl": "1\n" });
    expect(await types("content")).toMatchObject({
      exitCode: 0,
      stdout: "wrote content/␛[31m.d.jsonl.ts\nwrote content/a.d.jsonl.ts\ndeclarations: 2\n",
    });
    expect(await types("content", "--check")).toMatchObject({ exitCode: 0 });
    expect(await types("missing")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("missing"),
    });
    for (const options of [[], ["--watch"]]) {
      expect(await types("content/a.jsonl", ...options)).toEqual({
        exitCode: 1,
        stdout: "",
        stderr: "content/a.jsonl is a file: name the folder that contains it\n",
      });
    }
    const both = ["content", "--watch", "--check"];
    for (const wrong of [["--wrong"], [], ["content", "more"], both]) {
      expect(await types(...wrong)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("Usage: prices <folder>"),
      });
    }
  },
);

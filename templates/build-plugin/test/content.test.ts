// What a content file becomes: positions of errors, front matter, types of errors.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { build, type Plugin } from "esbuild";
import { z } from "zod";
import type { Host, Loaded } from "../src/host.ts";
import { ContentError, markdown, type Schema, yaml } from "../src/index.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { load } from "./load.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

/** What the plugin's own callback gives: the module's text, or the error. */
async function loadDirectly(
  text: string,
  plugin = yaml(),
  file = "a.yaml",
): Promise<Loaded | ContentError> {
  using folder = new Folder();
  await folder.write({ [file]: text });
  const { promise, resolve } = Promise.withResolvers<Loaded | ContentError>();
  const host = {
    module: undefined,
    onLoad(_, callback) {
      Promise.try(callback, { path: folder.at(file) }).then(resolve, resolve);
    },
  } satisfies Host & { module: undefined };
  plugin.setup(host);
  return await promise;
}

async function errorOf(...args: Parameters<typeof loadDirectly>): Promise<ContentError> {
  const error = await loadDirectly(...args);
  if (error instanceof ContentError) return error;
  throw new Error(`It was loaded: ${error.contents}`);
}

describe("an error", () => {
  const schema = z.strictObject({
    members: z.array(z.object({ name: z.string(), age: z.number() })),
  });

  test("has a code frame with a mark below what is meant", async () => {
    const error = await errorOf("members:\n\n  - name: Ada\n    age: old\n", yaml({ schema }));
    expect(error.message).toEndWith(
      `a.yaml:4:10: members.0.age: Invalid input: expected number, received string

  2 |
  3 |   - name: Ada
> 4 |     age: old
    |          ^^^`,
    );
    expect(error.diagnostics).toMatchObject([{ line: 4, column: 10, length: 3 }]);
  });

  test("of a schema tells everything that is wrong at once", async () => {
    const text = "members:\n  - name: 1\n    age: old\n  - age: 3\nextra: 1\n";
    const { code, diagnostics } = await errorOf(text, yaml({ schema }));
    expect(code).toBe("schema");
    expect(diagnostics.map(({ line, column }) => [line, column])).toEqual([
      [2, 11],
      [3, 10],
      [4, 5], // the member without a name
      [1, 1], // the document that has a key too many
    ]);
  });

  test("is found behind an alias, after tabs, wide characters and CRLF", async () => {
    const aliased = "a: &x { age: old }\r\nmembers: [*x]\r\n";
    const loose = z.object({ members: z.array(z.object({ age: z.number() })) });
    const [found] = (await errorOf(aliased, yaml({ schema: loose }))).diagnostics;
    expect(found).toMatchObject({ line: 1, column: 14, lineText: "a: &x { age: old }" });
    const wide = '"🎉":\t{ a: x }\n';
    const [after] = (
      await errorOf(wide, yaml({ schema: z.record(z.string(), z.object({ a: z.number() })) }))
    ).diagnostics;
    expect(after).toMatchObject({ line: 1, column: 12 });
    expect(after?.frame).toBe('> 1 | "🎉":\t{ a: x }\n    |      \t     ^');
  });

  test("in front matter has the line of the file", async () => {
    const text = "---\r\ntitle: T\r\ndate: never\r\n---\r\n# Hi\r\n";
    const plugin = markdown({ schema: z.object({ date: z.iso.date() }) });
    const { diagnostics } = await errorOf(text, plugin, "a.md");
    expect(diagnostics).toMatchObject([{ line: 3, column: 7 }]);
  });

  test("in front matter is shown between its fences", async () => {
    const { diagnostics } = await errorOf("---\ntitle: [\n---\n# Hi\n", markdown(), "a.md");
    expect(diagnostics[0]?.frame).toBe("  1 | ---\n  2 | title: [\n> 3 | ---\n    | ^\n  4 | # Hi");
  });

  test("of a schema that throws or rejects is one, too", async () => {
    const schemaOf = (validate: () => never | Promise<never>): Schema => ({
      "~standard": { version: 1, vendor: "test", validate },
    });
    const throws = schemaOf(() => {
      throw new Error("broken");
    });
    const rejects = schemaOf(() => Promise.reject(new Error("broken")));
    for (const schema of [throws, rejects]) {
      expect(await errorOf("a: 1\n", yaml({ schema }))).toMatchObject({ code: "schema" });
    }
  });

  test("is given for a file that is gone", async () => {
    using folder = new Folder();
    await expect(load(folder, "gone.yaml", yaml())).rejects.toThrow();
  });
});

describe("front matter", () => {
  const attributes = async (text: string) => {
    const loaded = await loadDirectly(text, markdown(), "a.md");
    if (loaded instanceof Error) throw loaded;
    return loaded.contents.split("\n")[0];
  };

  test.each(["# Hi", "", "---\n---\n", "---\r\n\r\n---\r\n", "--- no\n"])(
    "is empty: %j",
    async (text) => expect(await attributes(text)).toBe("const v0 = {};"),
  );

  test("that is not closed, or is no mapping, is refused", async () => {
    await expect(attributes("---\na: 1\n")).rejects.toThrow("a.md:1:1: front matter begins here");
    await expect(attributes("---\n- a\n---\n")).rejects.toThrow(
      "a.md:2:1: front matter is a mapping",
    );
  });
});

test("a schema may give dates, big integers and nothing; the module has them", async () => {
  using folder = new Folder();
  await folder.write({ "a.yaml": "day: 2026-01-02\nbig: '123'\nnone: x\n" });
  const schema = z.object({
    day: z.coerce.date(),
    big: z.coerce.bigint(),
    none: z.string().transform(() => undefined),
  });
  const { default: document } = await load(folder, "a.yaml", yaml({ schema }));
  expect(document).toEqual({ day: new Date("2026-01-02"), big: 123n, none: undefined });
});

test("what is not imported is not in the bundle", async () => {
  using folder = new Folder();
  await folder.write({
    "a.yaml": "used: one\nunused: two\n",
    "b.ts": 'import { used } from "./a.yaml";\nconsole.log(used);\n',
  });
  const { outputs } = await Bun.build({ entrypoints: [folder.at("b.ts")], plugins: [yaml()] });
  const text = (await outputs[0]?.text()) ?? "";
  expect(text).toContain("one");
  expect(text).not.toContain("two");
});

test("virtual modules of other plugins are left to them", async () => {
  const virtual: Plugin = {
    name: "virtual",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^virtual/ }, ({ path }) => ({ path, namespace: "virtual" }));
      onLoad({ filter: /./, namespace: "virtual" }, () => ({ contents: "a: 1", loader: "text" }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: 'import text from "virtual.yaml";\nconsole.log(text);\n' },
    bundle: true,
    write: false,
    plugins: [yaml(), virtual],
  });
  expect(outputFiles[0]?.text).toContain('"a: 1"');
});

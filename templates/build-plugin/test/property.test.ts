// Property tests: for any content, a bundle and an import at run time return the same data as the file.
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
// #region yaml
import { stringify } from "yaml";
// #endregion
import * as content from "../src/index.ts";
import plugin from "../src/plugin.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { load } from "./load.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

Bun.plugin(plugin);

// #region yaml
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("</script>", "\u2028", "`", "\\", "\0", "__proto__", "class", "then", "\ud800"),
  fc.constantFrom("größe", "\u{18da3}", "a\uff65"), // letters of old and of new versions of Unicode
);
const { document } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie("list"),
    tie("document"),
  ),
  list: fc.array(tie("value"), { maxLength: 4 }),
  document: fc.dictionary(text, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}));
// #endregion

const RUNS = { numRuns: 60 };

/** Imports each text at run time and as a bundle. */
async function isTheSame<T>(
  format: content.BunPlugin,
  extension: string,
  values: fc.Arbitrary<T>,
  print: (value: T) => string,
  check: (module: Readonly<Record<string, unknown>>, value: T) => void,
): Promise<void> {
  using folder = new Folder();
  let count = 0;
  const property = fc.asyncProperty(values, async (value) => {
    const file = `runtime-${count++}.${extension}`;
    await folder.write({ [file]: print(value) });
    const runtime = { ...(await import(folder.at(file))) };
    expect({ ...(await load(folder, file, format)) }).toEqual(runtime);
    check(runtime, value);
  });
  await fc.assert(property, RUNS);
}

test("JSON Lines", () =>
  isTheSame(
    content.jsonl(),
    "jsonl",
    fc.array(fc.jsonValue()),
    (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
    // JSON has no -0.
    (module, rows) => expect(module.default).toEqual(JSON.parse(JSON.stringify(rows))),
  ));

// #region yaml
test("YAML", () =>
  isTheSame(
    content.yaml(),
    "yaml",
    document,
    (data) => stringify(data),
    (module, data) => expect(module.default).toEqual(data),
  ));
// #endregion

// #region markdown
test("Markdown", () =>
  isTheSame(
    content.markdown(),
    "md",
    fc.tuple(document, fc.array(text)),
    ([data, lines]) => `---\n${stringify(data)}---\n# ${lines.join("\n")}\n`,
    ({ attributes, html }, [data]) => {
      expect(attributes).toEqual(data);
      expect(html).not.toMatch(/<script/i);
    },
  ));
// #endregion

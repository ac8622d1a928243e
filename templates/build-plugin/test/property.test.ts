// Whatever the content: a bundle gives what an import at run time gives, and both give the data.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { markdown, yaml } from "../src/index.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { load } from "./load.ts";

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

const RUNS = { numRuns: 60 };

test(
  "YAML",
  async () => {
    using folder = new Folder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(document, async (data) => {
        const file = `runtime-${count++}.yaml`;
        await folder.write({ [file]: stringify(data) });
        const runtime = { ...(await import(folder.at(file))) };
        expect({ ...(await load(folder, file, yaml())) }).toEqual(runtime);
        expect(runtime.default).toEqual(data);
      }),
      RUNS,
    );
  },
  COMMAND_TIMEOUT,
);

test(
  "Markdown",
  async () => {
    using folder = new Folder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(document, fc.array(text), async (data, lines) => {
        const file = `runtime-${count++}.md`;
        await folder.write({ [file]: `---\n${stringify(data)}---\n# ${lines.join("\n")}\n` });
        const runtime = { ...(await import(folder.at(file))) };
        expect({ ...(await load(folder, file, markdown())) }).toEqual(runtime);
        expect(runtime.attributes).toEqual(data);
        expect(runtime.html).not.toMatch(/<script/i);
      }),
      RUNS,
    );
  },
  COMMAND_TIMEOUT,
);

// One suite for all hosts: the same content gives the same module, and the same error at the same place.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { HOST_FILES, hosts } from "./hosts.ts";

const SRC = join(import.meta.dir, "../src/index.ts");
const ZOD = Bun.resolveSync("zod", import.meta.dir);

const PLUGIN = `import { markdown, yaml } from ${JSON.stringify(SRC)};
import { z } from ${JSON.stringify(ZOD)};

const later = async (value) => { await 1; return true; };
const team = z.object({ size: z.coerce.number(), lead: z.string().default("nobody") });
const loaders = [
  yaml({ filter: /team\\.yaml$/, schema: team }),
  yaml({ filter: /later\\.yaml$/, schema: z.object({ name: z.string().refine(later) }) }),
  markdown({ schema: z.object({ title: z.string() }) }),
  yaml(),
];
export default {
  name: "test",
  setup(build) {
    for (const loader of loaders) loader.setup(build);
  },
};
`;

const CONTENT = {
  "data.yaml": `title: "</script><!-- \\u2028\\u2029"
class: reserved
weird-key: 1.5
default: not the document
__proto__: { polluted: true }
list: [1, -0, .nan, true, null, ~]
"emoji 🎉": "\\uD800"
größe: 1
"\u{18da3}": 2
`,
  "list.yml": "- 1\n- [2, {a: 3}]\n",
  "empty.yaml": "",
  "bom.yaml": "\uFEFFa: 1\r\nb: |\r\n  two\r\n  lines\r\n",
  "team.yaml": 'size: "3"\n',
  "later.yaml": "name: Ada\n",
  "page.md": "---\ntitle: Hello\n---\n# One & `two`\n\n<b>no</b>\n\n## One\n\n## One\n",
};

const ENTRY = `${Object.keys(CONTENT)
  .map((file, index) => `import * as m${index} from "./${file}";`)
  .join("\n")}
const plain = (key, value) => (Number.isNaN(value) || Object.is(value, -0) ? "number " + value : value);
console.log(JSON.stringify([${Object.keys(CONTENT).map((_, index) => `m${index}`)}].map((m) => ({ ...m })), plain));
`;

const html = `<h1 id="one--two">One &amp; <code>two</code></h1>
<p>&lt;b&gt;no&lt;/b&gt;</p>
<h2 id="one">One</h2>
<h2 id="one-1">One</h2>
`;
const toc = [
  { depth: 1, text: "One & two", id: "one--two" },
  { depth: 2, text: "One", id: "one" },
  { depth: 2, text: "One", id: "one-1" },
];
const named = {
  title: "</script><!-- \u2028\u2029",
  list: [1, "number 0", "number NaN", true, null, null],
  größe: 1,
  "\u{18da3}": 2, // a letter since Unicode 17
};
const data = JSON.stringify({
  ...named,
  class: "reserved",
  "weird-key": 1.5,
  default: "not the document",
  ["__proto__"]: { polluted: true },
  "emoji 🎉": "\uD800",
});

const EXPECTED = [
  { ...named, default: JSON.parse(data) },
  { default: [1, [2, { a: 3 }]] },
  { default: null },
  both({ a: 1, b: "two\nlines\n" }),
  both({ size: 3, lead: "nobody" }),
  both({ name: "Ada" }),
  both({ attributes: { title: "Hello" }, html, toc }),
];

/** Place and message; lines and columns count from 1. */
const BROKEN = {
  "syntax.yaml": ["a: 1\nb: [1\n", 3, 1, "Flow sequence"],
  "twice.yaml": ["a: 1\nb: 2\na: 3\n", 3, 1, "is there twice"],
  "team.yaml": ["lead: Ada\nsize: many\n", 2, 7, "size: "],
  "later.yaml": ["name:\n  - Ada\n", 2, 3, "name: "],
  "matter.md": ["---\ntitle: 3\n---\n# Hi\n", 2, 8, "title: "],
} as const;

describe.each(Object.entries(hosts))("%s", (name, load) => {
  test(
    "content is a module with a default export and named ones",
    async () => {
      using project = new Folder();
      await project.write({ ...HOST_FILES, ...CONTENT, "plugin.ts": PLUGIN, "entry.ts": ENTRY });
      const result = await load(project.path);
      expect(result).toEqual({ printed: expect.stringMatching(/^\[/) });
      expect("printed" in result && JSON.parse(result.printed)).toEqual(EXPECTED);
    },
    COMMAND_TIMEOUT,
  );

  test.each(Object.entries(BROKEN))(
    "what is wrong is told with its place: %s",
    async (file, [text, line, column, message]) => {
      using project = new Folder();
      const entry = `import content from "./${file}";\nconsole.log(content);\n`;
      const files = { [file]: text, "plugin.ts": PLUGIN, "entry.ts": entry };
      await project.write({ ...HOST_FILES, ...files });
      const result = await load(project.path);
      // esbuild counts columns from 0.
      const place = `${file}:${line}:${name === "esbuild" ? column - 1 : column}:`;
      expect(result).toEqual({ failure: expect.stringContaining(place) });
      expect(result).toEqual({ failure: expect.stringContaining(message) });
    },
    COMMAND_TIMEOUT,
  );
});

function both(document: Readonly<Record<string, unknown>>) {
  return { ...document, default: document };
}

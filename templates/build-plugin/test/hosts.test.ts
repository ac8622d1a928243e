// One suite for all hosts: the same content gives the same module, and the same error at the same position.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { build as esbuild } from "esbuild";
import manifest from "../package.json";
import { formats } from "../src/formats.ts";
import { jsonl } from "../src/index.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { HOST_FILES, hosts, pluginsFile } from "./hosts.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const later = "async () => { await 1; return true; }";
const PLUGINS = [
  `content.jsonl({ filter: /later/, schema: z.array(z.string().refine(${later})) })`,
  "content.jsonl()",
  // #region yaml
  `content.yaml({
    filter: /team\\.yaml$/,
    schema: z.object({ size: z.coerce.number(), lead: z.string().default("nobody") }),
  })`,
  "content.yaml()",
  // #endregion
  // #region markdown
  "content.markdown({ schema: z.object({ title: z.string() }) })",
  // #endregion
].join(",\n");

/** The text of each file, and the exports of its module. */
const CONTENT: Record<string, [text: string, expected: object]> = {
  "rows.jsonl": ['{"a": "\\uD800"}\n[-0, null]\n', { default: [{ a: "\uD800" }, ["-0", null]] }],
  "UPPER.JSONL": ["1\n", { default: [1] }],
  "later.jsonl": ['"Ada"\n', { default: ["Ada"] }],
  "later.js": ["export default 1;\n", { default: 1 }], // matches the filter, but is not JSON Lines
  "empty.ndjson": ["", { default: [] }],
  // #region yaml
  "data.yaml": [
    `title: "</script><!-- \\u2028\\u2029"
class: reserved
weird-key: 1.5
default: not the document
__proto__: { polluted: true }
list: [1, -0, .nan, true, null, ~]
"emoji 🎉": "\\uD800"
größe: 1
"\u{18da3}": 2
`,
    withDefault(
      {
        title: "</script><!-- \u2028\u2029",
        list: [1, "-0", "NaN", true, null, null],
        größe: 1,
        "\u{18da3}": 2, // a letter since Unicode 17
      },
      {
        class: "reserved",
        "weird-key": 1.5,
        default: "not the document",
        ["__proto__"]: { polluted: true },
        "emoji 🎉": "\uD800",
      },
    ),
  ],
  "list.yml": ["- 1\n- [2, {a: 3}]\n", { default: [1, [2, { a: 3 }]] }],
  "empty.yaml": ["", { default: null }],
  "bom.YAML": [
    "\uFEFFa: 1\r\nb: |\r\n  two\r\n  lines\r\n",
    withDefault({ a: 1, b: "two\nlines\n" }),
  ],
  "team.yaml": ['size: "3"\n', withDefault({ size: 3, lead: "nobody" })],
  // #endregion
  // #region markdown
  "page.md": [
    "---\ntitle: Hello\n---\n# One & `two`\n\n<b>no</b>\n\n## One\n\n## One\n",
    withDefault({
      attributes: { title: "Hello" },
      html: `<h1 id="one--two">One &amp; <code>two</code></h1>
<p>&lt;b&gt;no&lt;/b&gt;</p>
<h2 id="one">One</h2>
<h2 id="one-1">One</h2>
`,
      toc: [
        { depth: 1, text: "One & two", id: "one--two" },
        { depth: 2, text: "One", id: "one" },
        { depth: 2, text: "One", id: "one-1" },
      ],
    }),
  ],
  // #endregion
};

const files = Object.keys(CONTENT);
const ENTRY = `${files.map((file, index) => `import * as m${index} from "./${file}";`).join("\n")}
const plain = (key, value) => (Number.isNaN(value) ? "NaN" : Object.is(value, -0) ? "-0" : value);
console.log(JSON.stringify([${files.map((_, index) => `m${index}`)}].map((m) => ({ ...m })), plain));
`;

/** The text of a file, then the line, the column and the message of its error. Lines and columns count from 1. */
const INVALID: Record<string, [text: string, line: number, column: number, message: string]> = {
  "syntax.jsonl": ["1\n {a: 1}\n", 2, 2, "JSON"],
  "later.jsonl": ['"Ada"\n1\n', 2, 1, "[1]: "],
  // #region yaml
  "syntax.yaml": ["a: 1\nb: [1\n", 3, 1, "Flow sequence"],
  "twice.yaml": ["a: 1\nb: 2\na: 3\n", 3, 1, "is a duplicate"],
  "team.yaml": ["lead: Ada\nsize: many\n", 2, 7, "size: "],
  // #endregion
  // #region markdown
  "matter.md": ["---\ntitle: 3\n---\n# Hi\n", 2, 8, "title: "],
  // #endregion
};

describe.each(Object.entries(hosts))("%s", (name, host) => {
  const { entry, firstColumn, load, isMissing = false } = host;
  const hostTest = test.skipIf(isMissing);
  const plugins = pluginsFile(entry, PLUGINS);

  hostTest("content is a module with a default export and named exports", async () => {
    using project = new Folder();
    const content = Object.entries(CONTENT).map(([file, [text]]) => [file, text]);
    await project.write({
      ...HOST_FILES,
      ...Object.fromEntries(content),
      "plugins.ts": plugins,
      "entry.ts": ENTRY,
    });
    const result = await load(project.path);
    expect(result).toEqual({ printed: expect.stringMatching(/^\[/) });
    const expected = Object.values(CONTENT).map(([, exported]) => exported);
    expect("printed" in result && JSON.parse(result.printed)).toEqual(expected);
  });

  hostTest.each(Object.entries(INVALID))(
    "reports an error with its position and a code frame: %s",
    async (file, [text, line, column, message]) => {
      using project = new Folder();
      const importing = `import content from "./${file}";\nconsole.log(content);\n`;
      const own = { [file]: text, "plugins.ts": plugins, "entry.ts": importing };
      await project.write({ ...HOST_FILES, ...own });
      const result = await load(project.path);
      const place = `${file}:${line}:${column - 1 + firstColumn}:`;
      expect(result).toEqual({ failure: expect.stringContaining(place) });
      expect(result).toEqual({ failure: expect.stringContaining(message) });
      // esbuild draws its frame only for its own terminal output.
      if (name !== "esbuild") expect(result).toEqual({ failure: expect.stringContaining("| ") });
    },
  );
});

test.each(["index", "rollup", "vite"] as const)("src/%s.ts exports every format", async (entry) => {
  expect(Object.keys(await import(`../src/${entry}.ts`))).toContainValues(
    Object.keys(formats) as never[],
  );
});

test("esbuild gets columns and lengths in bytes", async () => {
  using folder = new Folder();
  await folder.write({ "a.jsonl": '  "é\n' });
  const options = { logLevel: "silent", write: false } as const;
  const entryPoints = [folder.at("a.jsonl")];
  await expect(esbuild({ entryPoints, plugins: [jsonl()], ...options })).rejects.toMatchObject({
    errors: [{ location: { line: 1, column: 2, length: 3, lineText: '  "é' } }],
  });
});

describe("a plugin in the wrong host names the entry to import it from", () => {
  const FILES = {
    "a.jsonl": "1\n",
    "entry.ts": 'import rows from "./a.jsonl";\nconsole.log(rows);\n',
  };
  const cases = Object.entries(hosts).flatMap(([name, host]) =>
    (["index", "rollup", "vite"] as const)
      .filter((entry) => entry !== host.entry && !host.isMissing)
      .map((entry) => [entry, name, host] as const),
  );

  test.each(cases)("%s in %s", async (entry, _, { entry: right, load }) => {
    using project = new Folder();
    const plugins = pluginsFile(entry, "content.jsonl()");
    await project.write({ ...HOST_FILES, ...FILES, "plugins.ts": plugins });
    const result = await load(project.path);
    const name = `"${manifest.name}${right === "index" ? "" : `/${right}`}"`;
    expect(result).toEqual({ failure: expect.stringContaining(`import it from ${name}`) });
  });

  const foreign = Object.entries(hosts).filter(
    ([, { entry, isMissing }]) => entry !== "index" && !isMissing,
  );
  test.each(foreign)("the plugin of all formats in %s", async (_, { entry, load }) => {
    using project = new Folder();
    const plugins = pluginsFile("plugin", "content.default");
    await project.write({ ...HOST_FILES, ...FILES, "plugins.ts": plugins });
    const message = `import it from "${manifest.name}/${entry}"`;
    expect(await load(project.path)).toEqual({ failure: expect.stringContaining(message) });
  });

  test("webpack, which is not supported", () => {
    const plugin: object = jsonl();
    expect(() => "apply" in plugin && (plugin.apply as () => void)()).toThrow(
      "Other bundlers are not supported.",
    );
  });
});

// #region yaml
/** Returns the named exports, and a default export that also has the keys that cannot be named exports. */
function withDefault(named: object, more: object = {}) {
  const data = JSON.stringify({ ...named, ...more });
  return { ...named, default: JSON.parse(data) };
}
// #endregion

// Content that means harm stays data, or is refused by name.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { z } from "zod";
import { markdown, yaml } from "../src/index.ts";
import { readSource } from "../src/source.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { bundleText, load } from "./load.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

test("nothing in a bundle can end a script element or a line", async () => {
  using folder = new Folder();
  await folder.write({
    "a.yaml": String.raw`"</script>": "</SCRIPT ><!-- \u2028 \u2029 <![CDATA["`,
    "a.md": "# </script>\n\n<script>alert(1)</script>\n",
  });
  for (const file of ["a.yaml", "a.md"]) {
    const text = await bundleText(folder.at(file), file.endsWith("md") ? markdown() : yaml());
    expect(text).not.toMatch(/<\/script|<!--|[\u2028\u2029]/i);
  }
});

test("a mapping of many keys takes no time that grows with their square", async () => {
  using folder = new Folder();
  const keys = Array.from({ length: 50_000 }, (_, index) => `key-${index}: 1\n`);
  await folder.write({ "a.yaml": keys.join("") });
  const { default: document } = await load(folder, "a.yaml", yaml());
  expect(Object.keys(document ?? {})).toHaveLength(50_000);
});

test("so many headings that say the same take no time that grows with their square", async () => {
  using folder = new Folder();
  await folder.write({ "a.md": "# a\n".repeat(50_000) });
  const { toc } = await load(folder, "a.md", markdown());
  expect(toc).toHaveLength(50_000);
  expect(toc).toContainEqual({ depth: 1, text: "a", id: "a-49999" });
});

test("so many mistakes are told by the first of them", async () => {
  using folder = new Folder();
  await folder.write({ "a.yaml": "- a\n".repeat(50_000) });
  const failed = load(folder, "a.yaml", yaml({ schema: z.array(z.number()) }));
  await expect(failed).rejects.toThrow(
    "a.yaml:20:3: 19: Invalid input: expected number, received string, and 49980 more",
  );
});

test("__proto__ is a key like any other, at every depth", async () => {
  using folder = new Folder();
  await folder.write({ "a.yaml": "__proto__: { a: 1 }\nb:\n  __proto__: { c: 2 }\n" });
  const { default: document } = await load(folder, "a.yaml", yaml());
  expect(JSON.stringify(document)).toBe('{"__proto__":{"a":1},"b":{"__proto__":{"c":2}}}');
  expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
  expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
});

describe("refused:", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    .concat(
      [..."bcdefghi"].map((key, at) => `${key}: &${key} [${`*${"abcdefgh"[at]}, `.repeat(9)}]`),
    )
    .join("\n");
  const cases: Record<string, [text: string | Uint8Array, message: RegExp]> = {
    "an alias bomb": [bomb, /alias/i],
    "an alias of itself": ["a: &a [*a]", /refers to itself/],
    "one that is nested too deeply": ["[".repeat(50_000), /nested too deeply|a\.yaml:1:/],
    "one nested deeper than a program may be": [
      `${"[".repeat(300)}${"]".repeat(300)}`,
      /too deeply/,
    ],
    "a tag that makes something else": ["a: !!js/function 'x'", /Unresolved tag/],
    "a key that is no string": ["? [a]\n: 1\n", /keys must be/i],
    "two documents": ["a: 1\n---\nb: 2\n", /multiple documents/],
    "more than a mebibyte": [`a: ${"x".repeat(1024 * 1024)}`, /limit, maxBytes, is 1048576/],
    "what is not UTF-8": [new Uint8Array([0x61, 0x3a, 0x20, 0xff]), /not UTF-8/],
  };
  test.each(Object.entries(cases))("%s", async (_, [text, message]) => {
    using folder = new Folder();
    await folder.write({ "a.yaml": text });
    await expect(load(folder, "a.yaml", yaml())).rejects.toThrow(message);
  });

  test("a file that a link takes out of the root", async () => {
    using folder = new Folder();
    await folder.write({
      "out/secret.yaml": "a: 1\n",
      "in/a.yaml": "a: 1\n",
      "in2/a.yaml": "a: 1\n",
    });
    await symlink(folder.at("out/secret.yaml"), folder.at("in/link.yaml"));
    const plugin = yaml({ root: folder.at("in") });
    expect((await load(folder, "in/a.yaml", plugin)).default).toEqual({ a: 1 });
    for (const file of ["in/link.yaml", "out/secret.yaml", "in2/a.yaml"]) {
      await expect(load(folder, file, plugin)).rejects.toThrow("is outside");
    }
  });

  test("a device without an end, and a folder", async () => {
    using folder = new Folder();
    await folder.write({ "folder.yaml/a": "" });
    await symlink("/dev/zero", folder.at("zero.yaml"));
    for (const file of ["zero.yaml", "folder.yaml"]) {
      expect(() => readSource(folder.at(file), {})).toThrow("is not a file");
    }
  });

  test("what a schema makes and no module can hold", async () => {
    using folder = new Folder();
    await folder.write({ "a.yaml": "a: 1\nb:\n  c: 2\n" });
    const schema = z.object({ b: z.object({ c: z.number().transform((c) => () => c) }) });
    await expect(load(folder, "a.yaml", yaml({ schema }))).rejects.toThrow(
      /a\.yaml:3:6: a function/,
    );
  });
});

describe("Markdown", () => {
  const html = async (text: string, options = {}) => {
    using folder = new Folder();
    await folder.write({ "a.md": text });
    return String((await load(folder, "a.md", markdown(options))).html);
  };

  test("shows HTML as text, unless it is trusted", async () => {
    const text = "a <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>\n";
    expect(await html(text)).not.toMatch(/<(img|script)/);
    expect(await html(text, { trustHtml: true })).toContain("<script>alert(1)</script>");
  });

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "data:text/html;base64,AAAA",
    "vbscript:x",
    "<java\tscript:alert(1)>",
  ])("leaves out a link or an image to %s", async (url) => {
    expect(await html(`[a](${url}) ![b](${url})\n\n[c]: ${url}\n[c]`)).not.toMatch(/(href|src)=/);
  });

  test.each(["https://a.example/x:y", "mailto:a@example.com", "./a.md#b", "/a?b=c:d", "#a", "a"])(
    "keeps a link to %s",
    async (url) => {
      expect(await html(`[a](${url})`)).toContain(`href="${url}"`);
    },
  );

  test("attributes cannot be left by quotes", async () => {
    const text = await html(
      '[a](./x "b\\" onclick=\\"c") ![" onerror="x](./y)\n\n# " onclick="x\n',
    );
    expect(text).not.toMatch(/ on(click|error)="/);
  });
});

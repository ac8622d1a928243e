// Markdown: front matter, headings, and HTML that is safe in a page.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { Source } from "../../src/format.ts";
import { markdownFormat } from "../../src/formats/markdown/markdown.ts";
import { errorOf, parse } from "./parse.ts";

const format = markdownFormat({});

function documentOf(text: string, options = {}) {
  const { data, toDocument } = markdownFormat(options).parse(new Source("/content/a.md", text));
  return toDocument?.(data) as { html: string; toc: { text: string; id: string }[] };
}

describe("front matter", () => {
  test.each(["# Hi", "", "---\n---\n", "---\r\n\r\n---\r\n", "--- no\n", "{ a }"])(
    "is empty: %j",
    (text) => expect(parse(format, text)).toEqual({}),
  );

  test.each(["---", "+++", "\n---\n", "<!--"])(
    "is looked for in linear time, unlike with backtracking: %j",
    (fence) => expect(parse(format, `${fence}${"a".repeat(1_000_000)}!`)).toEqual({}),
  );

  test("is looked for below thousands of comments in linear time", () => {
    expect(parse(format, "<!-- -->".repeat(100_000))).toEqual({});
  });

  test.each([
    ["---\na: 1\n", "a.md:1:1: front matter starts here"],
    ["---\n- a\n---\n", "a.md:2:1: front matter must be a mapping"],
    ["+++\ntitle = 'x'\n+++\n", "a.md:1:1: front matter must be YAML"],
    ["---toml\ntitle = 'x'\n---\n", "a.md:1:1: front matter must be YAML"],
    ["---TOML\ntitle = 'x'\n---\n", "a.md:1:1: front matter must be YAML"],
    ["---json5\n{}\n---\n", "a.md:1:1: front matter must be YAML"],
    ["--- toml\ntitle = 'x'\n---\n", "a.md:1:1: front matter must be YAML"],
    ["\n +++\ntitle = 'x'\n+++\n", "a.md:2:2: front matter must be YAML"],
    ["+++ # a note\ntitle = 'x'\n+++\n", "a.md:1:1: front matter must be YAML"],
    ["<!-- a -->\n\n<!-- b -->\n+++\ntitle = 'x'\n+++\n", "a.md:4:1: front matter must be YAML"],
    ["+++\rtitle = 'x'\r+++\r", "a.md:1:1: front matter must be YAML"],
    [";;;json\n{}\n;;;\n", "a.md:1:1: front matter must be YAML"],
    ['{\n  "title": "x"\n}\n', "a.md:1:1: front matter must be YAML"],
    ["---\nguild: 123456789012345678\n---\n", "a.md:2:8: a number can't hold"],
    ["---\n# Hi\n\n---\n", "a.md:1:1: front matter has no keys"],
    ["\n---\ntitle: x\n---\n", "a.md:2:1: front matter must start with a line ---"],
    [" ---\ntitle: x\n---\n", "a.md:1:2: front matter must start with a line ---"],
    ["--- # a note\ntitle: x\n---\n", "a.md:1:1: front matter must start with a line ---"],
    ['\n---\n"title": x\n---\n', "a.md:2:1: front matter must start with a line ---"],
    ["\n---\nüber.uns: x\n...\n", "a.md:2:1: front matter must start with a line ---"],
    ["\u200b---\ntitle: x\n---\n", "a.md:1:2: front matter must start with a line ---"],
    ["<!--- a - b --->\n---\ntitle: x\n---\n", "a.md:2:1: front matter must start with a line ---"],
    ["---\rtitle: x\r---\r", "a.md:1:1: front matter must start with a line ---"],
  ])("is refused: %j", async (text, message) => {
    expect((await errorOf(format, text)).message).toContain(message);
  });

  test("ends at --- or ..., and not at U+2028", () => {
    expect(parse(format, "---\na: 1\u2028---\n---\nb")).toEqual({ a: "1\u2028---" });
    expect(documentOf("---\na: 1\n...\n# Hi\n\n---\n").html).toBe('<h1 id="hi">Hi</h1>\n<hr>\n');
  });

  test.each(["\n---\n# Hi\n", "\n---\nNote: text\n"])("is not a thematic break: %j", (text) =>
    expect(documentOf(text).html).toStartWith("<hr>"),
  );

  test("has errors with line numbers of the file and a code frame", async () => {
    const schema = z.object({ date: z.iso.date() });
    const dated = "---\r\ntitle: T\r\ndate: never\r\n---\r\n# Hi\r\n";
    expect((await errorOf(format, dated, { schema })).diagnostics).toMatchObject([
      { line: 3, column: 7 },
    ]);
    const { diagnostics } = await errorOf(format, "---\ntitle: [\n---\n# Hi\n");
    expect(diagnostics[0]?.frame).toBe("  1 | ---\n  2 | title: [\n> 3 | ---\n    | ^\n  4 | # Hi");
  });
});

describe("headings", () => {
  test.each([
    ["# Jekyll &amp; macOS", "Jekyll & macOS", "jekyll--macos"],
    ["# `a &amp; b`", "a &amp; b", "a-amp-b"],
    ["# A &lt;b&gt; *c* [d](e)", "A <b> c d", "a-b-c-d"],
    ["# <b>x</b>", "<b>x</b>", "bxb"],
    ["# ![alt &amp; text](./a.png)", "alt & text", "alt--text"],
    ["# &#x1F600;", "😀", "section"],
    ["# R&D &copy now", "R&D &copy now", "rd-copy-now"],
    ["# <https://a.b?c=1&lt=2>", "https://a.b?c=1&lt=2", "httpsabc1lt2"],
    ['# page:toc "x"', 'page:toc "x"', "pagetoc-x"], // a page can use ids with a colon for its own elements
    ["a  \nb\n===", "a b", "a-b"],
    ["a\nb\n===", "a b", "a-b"],
  ])("%j", (text, plain, id) => {
    expect(documentOf(text).toc).toEqual([{ depth: 1, text: plain, id }] as never);
  });

  test("have text without tags of trusted HTML", () => {
    const text = '## <span class="n">Step 1</span> Open an issue';
    expect(documentOf(text, { trustHtml: true }).toc).toMatchObject([
      { text: "Step 1 Open an issue", id: "step-1-open-an-issue" },
    ]);
  });

  test("with the same text have different ids, in linear time", () => {
    const { toc } = documentOf("# a\n".repeat(50_000));
    expect(toc).toHaveLength(50_000);
    expect(new Set(toc.map(({ id }) => id)).size).toBe(50_000);
  });
});

describe("HTML", () => {
  const html = (text: string, options = {}) => documentOf(text, options).html;

  test("is shown as text unless it is trusted", () => {
    const text = "a <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>\n";
    expect(html(text)).not.toMatch(/<(img|script)/);
    expect(html(text, { trustHtml: true })).toContain("<script>alert(1)</script>");
  });

  test.each(["pre", "code", "kbd", "script"])("is shown as text after <%s>", (tag) => {
    const attack = `a <${tag}> <svg/onload=alert(1)> <? &amp; &#60;b>`;
    const shown = `a &lt;${tag}&gt; &lt;svg/onload=alert(1)&gt; &lt;? &amp; &#60;b&gt;`;
    expect(html(attack)).toBe(`<p>${shown}</p>\n`);
    expect(html(`- [${attack}](b)`)).toContain(shown);
    expect(html(`# ${attack}`)).toContain(shown);
    expect(html(attack, { trustHtml: true })).toContain("<svg/");
  });

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "java&#10;script:alert(1)",
    "java&Tab;script&#58;alert(1)",
    "&#1;javascript:alert(1)",
    "&#9;&#32;&NewLine;javascript:alert(1)",
    "data:text/html;base64,AAAA",
    "vbscript:x",
    "<java\tscript:alert(1)>",
  ])("has no link or image to %s", (url) => {
    expect(html(`[a](${url}) ![b](${url})\n\n[c]: ${url}\n[c]`)).not.toMatch(/(href|src)=/);
  });

  test.each([
    "https://a.example/x:y",
    "mailto:a@example.com",
    "./a.md#b",
    "/a?b=c:d",
    "#a",
    "a",
    "R&D.md",
    "Q&A.png",
    "12:30.md",
    "Überblick:1.md",
    "<My notes: 1.md>",
    "java&#32;script:1",
  ])("keeps a link to %s", (url) => {
    expect(html(`[a](${url})`)).toMatch(/href="/);
    expect(html(`![a](${url})`)).toMatch(/src="/);
  });

  test("has only elements and attributes of Markdown, whatever the text is", () => {
    const parts = [
      ..."<>\"'`[]()!#|*_~-=+.&\\{} \n\t\0x",
      ..."<script> </script> <pre> <kbd> <code <style> <svg/onload=a> <img/src=x/onerror=a>".split(
        " ",
      ),
      ..."&lt; &#60; &colon; javascript: data: https://a.b www.a.b a@b.c <!-- --> <![CDATA[ <? />".split(
        " ",
      ),
      ..."```\n|# |> |- [x] |1. |[a]: |\n\n|    ".split("|"),
      "| a | b |\n|---|---|\n",
    ];
    const elements =
      /^(h[1-6]|p|a|img|[uo]l|li|pre|code|blockquote|hr|br|em|strong|del|table|t[rdh]|thead|tbody|input)$/;
    const attributes = /^(id|href|src|alt|title|class|align|type|disabled|checked|start)$/;
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 16 });
    const property = fc.property(text, (words) => {
      const found: string[] = [];
      const element = ({ tagName, attributes: all }: HTMLRewriterTypes.Element) => {
        if (!elements.test(tagName)) found.push(tagName);
        for (const [name] of all) if (!attributes.test(name)) found.push(name);
      };
      const comments = ({ text }: { text: string }) => void found.push(text);
      // A text before the words, so that they are not front matter.
      new HTMLRewriter().on("*", { element, comments }).transform(html(`x ${words.join("")}`));
      expect(found).toEqual([]);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test.each([
    ["Q &amp; A", "Q &amp; A"],
    ["*Q* \\* [A](b) `c`", "Q * A c"],
  ])("shows the text of a removed image as its alternative text: %s", (text, shown) => {
    expect(html(`![${text}](javascript:x)`)).toBe(`<p>${shown}</p>\n`);
    expect(html(`![${text}](./x)`)).toContain(`alt="${shown}"`);
  });

  test("cannot break out of an attribute with quotes", () => {
    const text = html('[a](./x "b\\" onclick=\\"c") ![" onerror="x](./y)\n\n# " onclick="x\n');
    expect(text).not.toMatch(/ on(click|error)="/);
  });
});

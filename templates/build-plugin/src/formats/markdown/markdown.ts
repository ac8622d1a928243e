// Parses Markdown with YAML front matter into `{ attributes, html, toc }`.
import type { Format, Parsed, Source } from "../../format.ts";
import { isPlainObject } from "../../module.ts";
import { parseYaml } from "../yaml.ts";
import { type Heading, render } from "./render.ts";

export interface MarkdownOptions {
  /** Keeps HTML in the Markdown, including scripts. By default, HTML is shown as text. */
  readonly trustHtml?: boolean | undefined;
}

export interface MarkdownDocument<Attributes = Readonly<Record<string, unknown>>> {
  /** The front matter: YAML between two lines `---` at the top. The second may also be `...`. */
  readonly attributes: Attributes;
  readonly html: string;
  /** The headings, in order. */
  readonly toc: readonly Heading[];
}

/** `import page, { attributes, html, toc } from "./page.md"`. The schema validates the attributes. */
export const markdownFormat = ({ trustHtml = false }: MarkdownOptions): Format => ({
  name: "markdown",
  extensions: ["md", "markdown"],
  parse: (source) => parseMarkdown(source, trustHtml),
  documentType: (attributes) => `{
  readonly attributes: ${attributes};
  readonly html: string;
  readonly toc: ReadonlyArray<{
    readonly depth: number;
    readonly text: string;
    readonly id: string;
  }>;
}`,
});

function parseMarkdown(source: Source, trustHtml: boolean): Parsed {
  const { frontMatter, body } = split(source);
  const { data, locate } = parseYaml(source, frontMatter);
  if (data === null && frontMatter.trim() !== "") {
    const message =
      "front matter has no keys: remove it, or put an empty line above it to show it as text";
    throw source.error("syntax", [0, 3], message);
  }
  const attributes = data ?? {};
  if (!isPlainObject(attributes)) {
    throw source.error("syntax", locate([]), "front matter must be a mapping of keys to values");
  }
  const content = render(body, trustHtml);
  return {
    data: attributes,
    locate,
    toDocument: (checked) => ({ attributes: checked, ...content }),
    dataPath: ["attributes"],
  };
}

const OPENING = /^---[ \t]*\r?\n/;
/** `...` also ends a document in YAML. The flag `m` is not set, because U+2028 would then end a line. */
const CLOSING = /(?<=^|\n)(?:---|\.\.\.)[ \t]*(?=\r?\n|$)/;
/** White space and HTML comments at the top of a file: front matter below them is refused. */
const LEADING = /^[\s\u200b]*(?:<!--[^-]*(?:-(?!->)[^-]*)*-->[\s\u200b]*)*/;
/**
 * Front matter of other tools: TOML between `+++`, JSON between `;;;` or in braces, or a language name after the dashes. A
 * space before the name is only allowed for known languages, because `--- no` is text.
 */
const UNSUPPORTED =
  /^(?:(\+\+\+|;;;|---[a-z]\w*\b|---[ \t]+(?:toml|ya?ml|json5?)\b)[ \t]*(?:\w+[ \t]*|#.*)?[\r\n]|(\{)\s*"[^"\n]*"\s*:)/i;
/** Front matter that does not match `OPENING`: not at the top, with a comment after the dashes, or with line ends of CR. */
const MISPLACED =
  /^---[ \t]*(?:#.*)?[\r\n]\s*(["']?)[\p{L}\p{N}_.-]+\1:[\s\S]*?[\r\n](?:---|\.\.\.)/u;

/** Replaces the opening fence with spaces, so that offsets in the front matter are offsets in the file. */
function split(source: Source): { readonly frontMatter: string; readonly body: string } {
  const start = LEADING.exec(source.text)?.[0].length ?? 0;
  const head = source.text.slice(start);
  const [, fence, brace] = UNSUPPORTED.exec(head) ?? [];
  const mark = fence ?? brace;
  if (mark !== undefined) {
    const message = "front matter must be YAML between lines of ---";
    throw source.error("syntax", [start, start + mark.length], message);
  }
  const opening = OPENING.exec(source.text)?.[0];
  if (opening === undefined) {
    if (!MISPLACED.test(head)) return { frontMatter: "", body: source.text };
    const message = "front matter must start with a line --- at the top";
    throw source.error("syntax", [start, start + 3], message);
  }
  const rest = source.text.slice(opening.length);
  const closing = CLOSING.exec(rest);
  if (closing === null) {
    throw source.error("syntax", [0, 3], "front matter starts here, but no line --- ends it");
  }
  const blank = opening.replace(/[^\r\n]/g, " ");
  return {
    frontMatter: blank + rest.slice(0, closing.index),
    body: rest.slice(closing.index + closing[0].length),
  };
}

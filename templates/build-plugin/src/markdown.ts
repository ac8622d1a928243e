// Markdown with front matter as modules: `{ attributes, html, toc }`.
import type { Draft } from "./format.ts";
import type { LoaderPlugin } from "./host.ts";
import { type LoaderOptions, loader } from "./loader.ts";
import { hasKeys } from "./module.ts";
import { type Heading, render } from "./render.ts";
import type { Source } from "./source.ts";
import { parseYaml } from "./yaml.ts";

export interface MarkdownOptions extends LoaderOptions {
  /** Leaves HTML in the text as it is, scripts too. Without it, HTML is shown as text. */
  readonly trustHtml?: boolean | undefined;
}

export interface MarkdownDocument<Attributes = Readonly<Record<string, unknown>>> {
  /** The front matter: YAML between two lines of `---` at the top. */
  readonly attributes: Attributes;
  readonly html: string;
  /** The headings, in order. */
  readonly toc: readonly Heading[];
}

/** `import page, { attributes, html, toc } from "./page.md"`. The schema checks the attributes. */
export function markdown({ trustHtml = false, ...options }: MarkdownOptions = {}): LoaderPlugin {
  const parse = (source: Source) => parseMarkdown(source, trustHtml);
  return loader({ name: "markdown", filter: /\.(md|markdown)$/, parse }, options);
}

function parseMarkdown(source: Source, trustHtml: boolean): Draft {
  const { matter, body } = split(source);
  const draft = parseYaml(source, matter);
  const attributes = draft.data ?? {};
  if (!hasKeys(attributes)) {
    throw source.error("syntax", draft.locate([]), "front matter is a mapping of keys to values");
  }
  const content = render(body, trustHtml);
  return {
    data: attributes,
    locate: draft.locate,
    document: (checked) => ({ attributes: checked, ...content }),
    prefix: ["attributes"],
  };
}

const OPENING = /^---[ \t]*\r?\n/;
const CLOSING = /^---[ \t]*$/m;

/** The front matter keeps its place in the file, so that positions in it are positions in the file. */
function split(source: Source): { readonly matter: string; readonly body: string } {
  const opening = OPENING.exec(source.text)?.[0];
  if (opening === undefined) return { matter: "", body: source.text };
  const rest = source.text.slice(opening.length);
  const closing = CLOSING.exec(rest);
  if (closing === null) {
    throw source.error("syntax", [0, 3], "front matter begins here and has no line --- to end it");
  }
  const blank = opening.replace(/[^\r\n]/g, " ");
  return {
    matter: blank + rest.slice(0, closing.index),
    body: rest.slice(closing.index + closing[0].length),
  };
}

// Markdown to HTML that is safe to put into a page, with the headings as a table of contents.
import { Marked, type RendererObject, type Token } from "marked";
import { Anchors } from "./anchors.ts";

export interface Heading {
  /** 1 to 6. */
  readonly depth: number;
  readonly text: string;
  /** The heading's `id` in the HTML. */
  readonly id: string;
}

/** GitHub's Markdown. HTML is shown as text unless it is trusted; links to scripts are left out. */
export function render(
  text: string,
  trustHtml: boolean,
): { readonly html: string; readonly toc: readonly Heading[] } {
  const toc: Heading[] = [];
  const anchors = new Anchors();
  const renderer: RendererObject = {
    heading({ tokens, depth }) {
      const text = plain(tokens);
      const heading = { depth, text, id: anchors.take(text) };
      toc.push(heading);
      return `<h${depth} id="${escaped(heading.id)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    html: ({ text, block }) => {
      if (trustHtml) return false;
      return block ? `<p>${escaped(text.trim())}</p>\n` : escaped(text);
    },
    link({ href, tokens }) {
      return isSafe(href) ? false : this.parser.parseInline(tokens);
    },
    image: ({ href, text }) => (isSafe(href) ? false : escaped(text)),
  };
  const html = new Marked({ renderer }).parse(text, { async: false });
  return { html, toc };
}

/**
 * Without a scheme, or with one that can't run anything. An entity could spell a scheme that the
 * browser reads and this does not, so there may be none where a scheme would be.
 */
function isSafe(href: string): boolean {
  return /^(https?|mailto|tel):/i.test(href) || /^[^:&]*([/?#]|$)/.test(href);
}

/** What a heading says, without its markup. */
function plain(tokens: readonly Token[]): string {
  return tokens
    .map((token) => ("tokens" in token && token.tokens ? plain(token.tokens) : textOf(token)))
    .join("");
}

const textOf = (token: Token): string => ("text" in token ? token.text : "");

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

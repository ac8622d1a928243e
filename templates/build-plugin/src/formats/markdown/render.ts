// Renders Markdown to HTML that is safe in a page, with a table of contents.
import { decodeHTML, decodeHTMLStrict, escapeUTF8 } from "entities";
import { Marked, type RendererObject, type Token } from "marked";
import { UniqueNames } from "../../unique-names.ts";

export interface Heading {
  /** 1 to 6. */
  readonly depth: number;
  /** Without markup; plain text, not HTML. */
  readonly text: string;
  /** The heading's `id` in the HTML. */
  readonly id: string;
}

/**
 * Renders GitHub Flavored Markdown (https://github.github.com/gfm). HTML is shown as text unless it is trusted. Links
 * other than `http:`, `https:`, `mailto:`, `tel:` and relative ones are replaced by their text.
 */
export function render(
  markdown: string,
  trustHtml: boolean,
): { readonly html: string; readonly toc: readonly Heading[] } {
  const toc: Heading[] = [];
  const ids = new UniqueNames("-", 1);
  const renderer: RendererObject = {
    heading({ tokens, depth }) {
      const text = plainText(tokens, trustHtml).trim().replaceAll("\n", " ");
      const heading = { depth, text, id: ids.take(slugify(text)) };
      toc.push(heading);
      return `<h${depth} id="${heading.id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    html: ({ text, block }) => {
      if (trustHtml) return false;
      return block ? `<p>${escapeUTF8(text.trim())}</p>\n` : escapeUTF8(text);
    },
    link({ href, tokens }) {
      return isSafe(href) ? false : this.parser.parseInline(tokens);
    },
    image: ({ href, tokens }) => (isSafe(href) ? false : escapeUTF8(plainText(tokens, trustHtml))),
  };
  // After a tag such as <pre>, Marked does not escape text. Unless the HTML is trusted, the tag is text, too.
  const walkTokens = (token: Token) => {
    if (token.type === "text" && !trustHtml) token.escaped = false;
  };
  const html = new Marked({ renderer, walkTokens }).parse(markdown, { async: false });
  return { html, toc };
}

/** Returns the id that GitHub gives to a heading with this text. */
function slugify(text: string): string {
  const kept = text
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{L}\p{M}\p{N}\s_-]/gu, "");
  return kept.replaceAll(/\s/g, "-") || "section";
}

/** Returns whether a link is relative or has a scheme that cannot run code. Normalizes the link as browsers do. */
function isSafe(href: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers ignore them in a URL
  const url = decodeHTML(href).replaceAll(/^[\u0000-\u0020]+|[\t\n\r]/g, "");
  return /^(https?|mailto|tel):/i.test(url) || !/^[a-z][a-z\d+.-]*:/i.test(url);
}

/** Returns the visible text of a heading or an image, without trusted HTML tags. */
function plainText(tokens: readonly Token[], trustHtml: boolean): string {
  return tokens.map((token) => tokenText(token, trustHtml)).join("");
}

function tokenText(token: Token, trustHtml: boolean): string {
  if (token.type === "html") return trustHtml ? "" : token.raw;
  if (token.type === "br") return " ";
  if ("tokens" in token && token.tokens) return plainText(token.tokens, trustHtml);
  if (!("text" in token)) return "";
  // In code, `&amp;` is five characters. Elsewhere, an entity ends with a semicolon: `&copy` is text.
  return token.type === "codespan" ? token.text : decodeHTMLStrict(token.text);
}

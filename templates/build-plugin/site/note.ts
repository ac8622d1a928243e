// Shows a note: its HTML, which the loader made safe, and links to its headings.
import type { Output } from "../src/index.ts";
import type { MarkdownDocument } from "../src/markdown.ts";
import type { note } from "./schemas.ts";

export type Note = MarkdownDocument<Output<typeof note>>;

export function show({ html, toc }: Note, place: HTMLElement, contents: HTMLElement): void {
  place.innerHTML = html;
  contents.replaceChildren(
    ...toc.map(({ id, text, depth }) => {
      const link = document.createElement("a");
      link.href = `#${id}`;
      link.textContent = text;
      const entry = document.createElement("div");
      entry.style.paddingInlineStart = `${depth - 1}em`;
      entry.append(link);
      return entry;
    }),
  );
}

// Shows a note with links to its headings, and loads another note on demand. The plugin has sanitized the HTML.
import type { MarkdownDocument, Output } from "../src/index.ts";
import type { schema } from "./collections/notes.ts";
import hello from "./content/notes/hello.md";
import { element } from "./element.ts";

show(hello);
element("later").addEventListener("click", async () => {
  const { default: later } = await import("./content/notes/later.md");
  show(later);
});

function show({ attributes, html, toc }: MarkdownDocument<Output<typeof schema>>): void {
  document.title = attributes.title;
  element("note").innerHTML = html;
  element("toc").replaceChildren(
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

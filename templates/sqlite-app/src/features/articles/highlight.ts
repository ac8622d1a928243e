// Marks the words of a search in its results, as safe HTML: user text is escaped, and `<mark>` is the only markup.
import type { Article } from "./schemas.ts";
import type { Found } from "./store.ts";
import { excerpt, searchWords } from "./words.ts";

export type Listed = Article | (Found & { readonly highlight: string });

/** Adds `highlight` to search results: the title and the text around the first hit, with `<mark>` around each hit. */
export function highlight(articles: readonly (Article | Found)[], q: string | undefined): Listed[] {
  const words = new Set(searchWords(q ?? ""));
  return articles.map((article) => {
    if (!("rank" in article)) return article;
    const html = excerpt(`${article.title}\n${article.body}`, words).map(({ text, isHit }) =>
      isHit ? `<mark>${Bun.escapeHTML(text)}</mark>` : Bun.escapeHTML(text),
    );
    return { ...article, highlight: html.join("") };
  });
}

// Turns the snippet of a search result into safe HTML: user text is escaped, and `<mark>` is the only markup.
import { type Article, type Found, MARK } from "../../store/store.ts";

export type Listed = Article | (Omit<Found, "snippet"> & { readonly highlight: string });

/** Replaces the snippet of a search result by `highlight`, with `<mark>` around each hit. */
export function highlight(article: Article | Found): Listed {
  if (!("snippet" in article)) return article;
  const { snippet, ...rest } = article;
  const html = Bun.escapeHTML(snippet);
  return {
    ...rest,
    highlight: html.replaceAll(MARK.start, "<mark>").replaceAll(MARK.end, "</mark>"),
  };
}

// Turns the snippet of a search into HTML that is safe to show: what users typed is text, only the marks are markup.
import { type Article, type Found, MARK } from "../store/store.ts";

export type Listed = Article | (Omit<Found, "snippet"> & { readonly highlight: string });

/** Adds `highlight` to an article that was searched for, with `<mark>` around each hit. */
export function highlight(article: Article | Found): Listed {
  if (!("snippet" in article)) return article;
  const { snippet, ...rest } = article;
  const html = Bun.escapeHTML(snippet);
  return {
    ...rest,
    highlight: html.replaceAll(MARK.start, "<mark>").replaceAll(MARK.end, "</mark>"),
  };
}

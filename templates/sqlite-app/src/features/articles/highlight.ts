// Marks the words of a search in its results, as safe HTML: user text is escaped, and `<mark>` is the only markup.
import type { Article, Found } from "./store.ts";
import { queryWords, searchWords } from "./words.ts";

export type Listed = Article | (Found & { readonly highlight: string });

/** Adds `highlight` to search results: an excerpt around the first hit in title and body, with `<mark>` around each hit. */
export function highlight(articles: readonly (Article | Found)[], q: string | undefined): Listed[] {
  const words = new Set(queryWords(q ?? ""));
  const isHit = (text: string) => searchWords(text).some((word) => words.has(word));
  return articles.map((article) => {
    if (!("rank" in article)) return article;
    const text = `${article.title}\n${article.body}`;
    return { ...article, highlight: markHits(excerpt(text, isHit), isHit) };
  });
}

/** Characters in which the first hit is searched, so that a page of long articles does not block the event loop. */
const MAX_SEARCHED = 10_000;
/** A run of characters that normalizing may split or shorten. */
const RUN = /[\p{L}\p{N}\p{M}]+/gu;
/** Some text that ends with a whole run. A run of more than 1000 characters may be split. */
const PIECE = /.{1,200}[\p{L}\p{N}\p{M}]{0,1000}/gsu;
/** The end of a character or run that is cut off. */
const CUT = /^[\p{Cs}\p{L}\p{N}\p{M}]+/u;
/** Characters that an excerpt has before the first hit. */
const BEFORE = 40;

type IsHit = (text: string) => boolean;

/** Returns the text around the first hit, or the start of the text. */
function excerpt(text: string, isHit: IsHit): string {
  const start = (firstHit(text, isHit) ?? 0) - BEFORE;
  const shown = start > 0 ? text.slice(start, start + MAX_SEARCHED).replace(CUT, "") : text;
  return shown.matchAll(PIECE).next().value?.[0] ?? "";
}

/** Returns the index of the first hit. Normalizes a piece at a time, because each run on its own takes much longer. */
function firstHit(text: string, isHit: IsHit): number | undefined {
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    if (index > MAX_SEARCHED) return undefined;
    const hit = isHit(piece) && piece.matchAll(RUN).find(([run]) => isHit(run));
    if (hit) return index + hit.index;
  }
  return undefined;
}

function markHits(text: string, isHit: IsHit): string {
  return text
    .split(/([\p{L}\p{N}\p{M}]+)/u)
    .map((part) => (isHit(part) ? `<mark>${Bun.escapeHTML(part)}</mark>` : Bun.escapeHTML(part)))
    .join("");
}

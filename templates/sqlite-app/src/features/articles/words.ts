// Normalizes words for the search. The stores index these words, so that every engine finds the same articles.

/** What is not part of a word. A word is a run of letters and digits of any script, with the marks that follow them. */
const SEPARATOR = /[^\p{L}\p{Nd}\p{M}]\p{M}*|^\p{M}+/gu;
/** Accents. Marks of other scripts are kept, because there they are vowels, which distinguish words. */
const ACCENT = /[\u0300-\u036f]/g;
/** Longest word that a search can find, in characters. Engines limit it, too. */
const MAX_WORD = 400;
/** Characters of a text that are indexed, after normalizing, which can make a text longer. Engines limit them, too. */
const MAX_INDEXED = 300_000;

/** Returns the normalized words of a text in order: `Café, NODE.js` has `cafe`, `node` and `js`. */
export function searchWords(text: string): string[] {
  return split(text).filter(isSearchable);
}

/** Returns the words of a query; none if one is too long, so that nothing is found. */
export function queryWords(q: string): string[] {
  const words = split(q);
  return words.every(isSearchable) ? words : [];
}

const split = (text: string) => foldWords(text).split(" ").filter(Boolean);
const isSearchable = (word: string) => word.length <= MAX_WORD;

/**
 * Replaces everything except words with spaces, and removes case and accents. Only the conversion to upper case makes `ß`
 * equal to `SS`, and only lower case makes `ẞ` equal to `ß`. Lower case has two forms of the Greek sigma: `ς` at the end of
 * a word, and `σ`.
 */
export function foldWords(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase().replaceAll(/[^a-z0-9 ]/g, " ");
  const plain = text.normalize("NFKD").replaceAll(ACCENT, "");
  const folded = plain.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
  return folded.replaceAll(SEPARATOR, " ").slice(0, MAX_INDEXED);
}

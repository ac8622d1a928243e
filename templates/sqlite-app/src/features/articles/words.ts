// Normalizes words for the search. The stores index these words, so that every engine finds the same articles.

/** Separators. A word is a run of letters and digits of any script, with their marks. */
const SEPARATOR = /[^\p{L}\p{Nd}\p{M}]\p{M}*|^\p{M}+/gu;
/** Accents. Marks of other scripts are kept, because there they are vowels, which distinguish words. */
const ACCENT = /[\u0300-\u036f]/g;
/** Limit of a word's length, because engines limit it too. No query can contain a longer word. */
const MAX_LENGTH = 400;

/** Returns the normalized words of a text in order: `Café, NODE.js` has `cafe`, `node` and `js`. */
export function searchWords(text: string): string[] {
  const words = foldWords(text).split(" ");
  return words.filter((word) => word !== "" && word.length <= MAX_LENGTH);
}

/**
 * Replaces everything except words with spaces, and removes case and accents. Converts to upper case first, so that `ß`
 * becomes `SS`, and `ς`, the `σ` at the end of a word, becomes `σ`.
 */
export function foldWords(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase().replaceAll(/[^a-z0-9 ]/g, " ");
  const plain = text.normalize("NFKD").replaceAll(ACCENT, "");
  const folded = plain.toUpperCase().toLowerCase().replaceAll("ς", "σ");
  return folded.replaceAll(SEPARATOR, " ");
}

export interface Part {
  readonly text: string;
  readonly isHit: boolean;
}

const AROUND = { before: 40, after: 160 };

/** Returns an excerpt around the first match of `words`, or the start of the text, split into matches and other parts. */
export function excerpt(text: string, words: ReadonlySet<string>): Part[] {
  const parts: Part[] = [];
  let start: number | undefined;
  let end = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (start !== undefined && index > start + AROUND.after) break;
    if (!searchWords(run).some((word) => words.has(word))) continue;
    start ??= Math.max(0, index - AROUND.before);
    parts.push({ text: text.slice(end || start, index), isHit: false }, { text: run, isHit: true });
    end = index + run.length;
  }
  const from = start ?? 0;
  const rest = text.slice(end || from, from + AROUND.before + AROUND.after);
  return [...parts, { text: rest, isHit: false }].filter((part) => part.text !== "");
}

/** A run of characters that normalizing may split or shorten. */
const RUN = /[\p{L}\p{N}\p{M}]+/gu;

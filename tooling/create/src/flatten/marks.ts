// Recognizes the marks of regions: folding comments such as `// #region uploads` and `// #endregion`.

export type Mark =
  | { readonly kind: "open"; readonly features: readonly string[] }
  | { readonly kind: "close"; readonly features: readonly string[] }
  /** A row of a Markdown table, where a separate line would end the table: the mark covers the row. */
  | { readonly kind: "row"; readonly features: readonly string[]; readonly line: string }
  /** A mark in a place where it cannot be applied. */
  | { readonly kind: "misplaced" };

const WORD = "#(region|endregion)(?![\\w-])";
const LINE = new RegExp(
  `^\\s*(?:\\/\\/|#|--|<!--|\\{?\\/\\*)\\s*${WORD}([^*>]*?)(?:-->|\\*\\/\\}?)?\\s*$`,
);
const ROW = /^(\s*\|.*?) ?<!-- #region ([^>]*?) -->(.*)$/;
const ANYWHERE = new RegExp(`(?:\\/\\/|#|--|<!--|\\/\\*)\\s*${WORD}`);

/** Undefined for a line without a mark. */
export function markIn(line: string): Mark | undefined {
  if (!line.includes("region")) return undefined;
  const [, word, names = ""] = LINE.exec(line) ?? [];
  if (word !== undefined) {
    return { kind: word === "region" ? "open" : "close", features: listed(names) };
  }
  const [, before, row = "", after] = ROW.exec(line) ?? [];
  if (before !== undefined) return { kind: "row", features: listed(row), line: before + after };
  return ANYWHERE.test(line) ? { kind: "misplaced" } : undefined;
}

const listed = (names: string): readonly string[] =>
  names.split(/[\s,]+/).filter((name) => name !== "");

// Removes the regions of features that are left out, and the marks of those that stay: folding comments such as
// `// #region uploads` and `// #endregion`.
import { contains, text } from "./file-map.ts";
import { layout } from "./layout.ts";
import { broken } from "./rules.ts";

type Mark =
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

/** The marks of a text, with the offsets of their lines. Searches for the word, because most lines have no mark. */
function* marksIn(source: string) {
  let index = source.indexOf("region");
  while (index !== -1) {
    const start = source.lastIndexOf("\n", index) + 1;
    const newline = source.indexOf("\n", index);
    const end = newline === -1 ? source.length : newline;
    const mark = markIn(source.slice(start, end));
    if (mark !== undefined) yield { mark, start, end };
    index = source.indexOf("region", end);
  }
}

/** Refuses regions in shared files: only templates have features, so the marks would survive in a project. */
export function refuseMarks(file: string, content: Uint8Array): void {
  if (!contains(content, "region")) return;
  const source = text(content);
  for (const { start } of marksIn(source)) {
    throw broken(placeOf(file, source, start), "has a region, but only templates have features");
  }
}

/** For messages: `file:line`. */
const placeOf = (path: string, source: string, offset: number): string =>
  `${path}:${source.slice(0, offset).split("\n").length}`;

export interface Regions {
  /** The text without a mark, formatted as it was. */
  readonly text: string;
  /** Features that have a region in the text. */
  readonly features: ReadonlySet<string>;
}

interface OpenRegion {
  readonly features: readonly string[];
  readonly place: () => string;
}

/**
 * A region that names several features stays only if all of them stay. Undefined for a text without a mark, which may
 * be a binary file.
 * @param path of the file, for messages and for its format
 * @param known names of the template's features
 * @throws {CreateError} `broken_template`, with file and line
 */
export function applyRegions(
  path: string,
  source: string,
  known: ReadonlySet<string>,
  without: ReadonlySet<string>,
): Regions | undefined {
  const features = new Set<string>();
  const open: OpenRegion[] = [];
  const kept: string[] = [];
  const cuts: number[] = [];
  const register = (names: readonly string[], place: () => string) => {
    if (names.length === 0) throw broken(place(), "opens a region without a feature");
    for (const name of names) {
      if (!known.has(name)) throw broken(place(), `names unknown feature ${name}`);
      features.add(name);
    }
  };
  const stays = (names: readonly string[]) => !names.some((name) => without.has(name));
  let position = 0;
  let isKept = true;
  for (const { mark, start, end } of marksIn(source)) {
    if (isKept && start > position) kept.push(...source.slice(position, start - 1).split("\n"));
    position = end + 1;
    cuts.push(kept.length);
    const place = () => placeOf(path, source, start);
    switch (mark.kind) {
      case "open":
        register(mark.features, place);
        open.push({ features: mark.features, place });
        break;
      case "close":
        close(open, mark.features, place);
        break;
      case "row":
        register(mark.features, place);
        if (isKept && stays(mark.features)) kept.push(mark.line);
        break;
      case "misplaced": {
        const hint = "Put it on a line of its own, or in the last cell of a Markdown table's row.";
        throw broken(place(), "has a region mark next to other text", hint);
      }
    }
    isKept = open.every((region) => stays(region.features));
  }
  const [unclosed] = open;
  if (unclosed !== undefined) {
    throw broken(
      unclosed.place(),
      `opens a region of ${unclosed.features.join(" and ")} that is never closed`,
      "Add a comment with #endregion.",
    );
  }
  if (features.size === 0) return undefined;
  if (position <= source.length) kept.push(...source.slice(position).split("\n"));
  return { text: layout(path, kept, cuts), features };
}

function close(open: OpenRegion[], named: readonly string[], place: () => string): void {
  const region = open.pop();
  if (region === undefined) throw broken(place(), "closes a region that was never opened");
  if (named.length === 0 || named.join() === region.features.join()) return;
  const opened = `${region.features.join(" ")}, opened at ${region.place()}`;
  throw broken(place(), `closes a region of ${named.join(" ")} instead of ${opened}`);
}

// Restores the formatting around removed lines, as Biome would print it: a created project has nothing to format.
import { joinLists } from "./bracket-lists.ts";
import { joinContinuations } from "./continuations.ts";
import type { Line } from "./lines.ts";
import { alignTables } from "./markdown-tables.ts";
import { renumberLists } from "./numbered-lists.ts";

/**
 * @param path its extension determines the format
 * @param lines the last one is empty if the file ends with a line break
 */
export function layout(path: string, lines: readonly Line[]): string {
  const extension = path.slice(path.lastIndexOf(".") + 1);
  const isScript = /^[cm]?[jt]sx?$/.test(extension);
  const isJson = /^jsonc?$/.test(extension);
  const closed = closeGaps(lines, isScript || isJson || extension === "css");
  if (isScript) return textOf(joinContinuations(joinLists(closed)));
  if (isJson) return textOf(withoutTrailingCommas(closed));
  return textOf(extension === "md" ? renumberLists(alignTables(closed)) : closed);
}

const textOf = (lines: readonly Line[]): string => lines.map(({ text }) => text).join("\n");

const isBlank = (text: string): boolean => text.trim() === "";
const endsWithOpener = (text: string): boolean => /[{([]$/.test(text);
const startsWithCloser = (text: string): boolean => /^\s*[})\]]/.test(text);

/** Leaves at most one blank line at a cut, and none at the start or the end of the file or of a block. */
function closeGaps(lines: readonly Line[], hasBlocks: boolean): readonly Line[] {
  const kept: Line[] = [];
  let isAfterCut = false;
  for (const line of lines) {
    isAfterCut ||= line.isAfterCut;
    if (!isAfterCut) {
      kept.push(line);
      continue;
    }
    const isLast = line === lines.at(-1);
    const previous = kept.at(-1)?.text ?? "";
    if (!isLast && isBlank(line.text)) {
      if (isBlank(previous) || (hasBlocks && endsWithOpener(previous))) continue;
    }
    if (isLast || (hasBlocks && startsWithCloser(line.text))) {
      while (kept.length > 0 && isBlank(kept.at(-1)?.text ?? "")) kept.pop();
    }
    kept.push({ text: line.text, isAfterCut });
    isAfterCut = false;
  }
  return kept;
}

/** JSON does not allow the comma that is left after the last element. */
function withoutTrailingCommas(lines: readonly Line[]): readonly Line[] {
  return lines.map((line, index) => {
    const next = lines[index + 1];
    return next?.isAfterCut && startsWithCloser(next.text)
      ? { ...line, text: line.text.replace(/,$/, "") }
      : line;
  });
}

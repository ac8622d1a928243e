// Restores the formatting around removed lines, as Biome would print it: a created project has nothing to format.
import { joinList } from "./bracket-lists.ts";
import { joinContinuation } from "./continuations.ts";
import { editAtCuts, isBlank } from "./lines.ts";
import { alignTable } from "./markdown-tables.ts";
import { renumberLists } from "./numbered-lists.ts";

/**
 * @param path its extension determines the format
 * @param lines the last one is empty if the file ends with a line break
 * @param removed indexes of the lines before which lines were removed, in ascending order
 */
export function layout(path: string, lines: string[], removed: readonly number[]): string {
  const extension = path.slice(path.lastIndexOf(".") + 1);
  const isScript = /^[cm]?[jt]sx?$/.test(extension);
  const isJson = /^jsonc?$/.test(extension);
  const cuts = closeGaps(lines, removed, isScript || isJson || extension === "css");
  if (isScript) editAtCuts(lines, cuts, joinList, joinContinuation);
  if (isJson) editAtCuts(lines, cuts, removeTrailingComma);
  if (extension === "md") {
    renumberLists(lines, cuts);
    editAtCuts(lines, cuts, alignTable);
  }
  return lines.join("\n");
}

const endsWithOpener = (text = ""): boolean => /[{([]$/.test(text);
const startsWithCloser = (text = ""): boolean => /^\s*[})\]]/.test(text);

/**
 * Leaves at most one blank line at a cut, and none at the start or the end of the file or of a block.
 * @returns the cuts in the remaining lines
 */
function closeGaps(lines: string[], removed: readonly number[], hasBlocks: boolean): number[] {
  const cuts: number[] = [];
  let deleted = 0;
  for (const index of removed) {
    const cut = Math.max(index - deleted, cuts.at(-1) ?? 0);
    const last = lines.length - 1;
    let [start, end] = [cut, cut];
    while (isBlank(lines[start - 1])) start -= 1;
    while (end < last && isBlank(lines[end])) end += 1;
    const isEdge =
      start === 0 ||
      end === last ||
      (hasBlocks && (endsWithOpener(lines[start - 1]) || startsWithCloser(lines[end])));
    const kept = Math.min(end - start, isEdge ? 0 : 1);
    lines.splice(start, end - start - kept);
    deleted += end - start - kept;
    cuts.push(Math.min(cut, start + kept));
  }
  return cuts;
}

/** JSON does not allow the comma that is left after the last element. */
function removeTrailingComma(lines: string[], cut: number): undefined {
  const before = lines[cut - 1];
  if (before !== undefined && startsWithCloser(lines[cut])) {
    lines[cut - 1] = before.replace(/,$/, "");
  }
}

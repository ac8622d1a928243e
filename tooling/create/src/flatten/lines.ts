// Edits the lines of a text at the places where lines were removed.

/** Biome's, for every created project. */
export const LINE_WIDTH = 100;

export const indentOf = (text: string): string => /^\s*/.exec(text)?.[0] ?? "";

export const isBlank = (text: string | undefined): boolean => text?.trim() === "";

/** Changes lines around a cut. Returns the index of the first one, or undefined if it changes nothing. */
export type Edit = (lines: string[], cut: number) => number | undefined;

/**
 * Tries the edits at each cut.
 * @param cuts indexes of the lines before which lines were removed, in ascending order
 */
export function editAtCuts(lines: string[], cuts: readonly number[], ...edits: Edit[]): void {
  let end = lines.length;
  // From the end, so that the indexes of earlier cuts stay valid. An edit may span several cuts.
  for (const cut of cuts.toReversed()) {
    for (const edit of edits) if (cut <= end) end = edit(lines, cut) ?? end;
  }
}

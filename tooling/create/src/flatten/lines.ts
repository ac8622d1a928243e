// The lines of a text from which regions were removed.

export interface Line {
  readonly text: string;
  /** Lines were removed directly before this one. */
  readonly isAfterCut: boolean;
}

/** Biome's, for every created project. */
export const LINE_WIDTH = 100;

export const indentOf = (text: string): string => /^\s*/.exec(text)?.[0] ?? "";

/**
 * Calls `join` with each index after a cut.
 * @param join may replace lines around the index
 */
export function joinAtCuts(
  lines: readonly Line[],
  join: (lines: Line[], index: number) => void,
): readonly Line[] {
  const result = [...lines];
  // From the end, so that the indexes of earlier cuts stay valid.
  for (let index = result.length - 1; index >= 0; index -= 1) {
    if (result[index]?.isAfterCut) join(result, index);
  }
  return result;
}

// Shows text of a file in a terminal: as a code frame, and without escape sequences.

const LINES_BEFORE = 2;
const LINES_AFTER = 1;
/** Limit of a shown line, in UTF-16 code units. */
const MAX_WIDTH = 120;
const ELLIPSIS = "…";

/** `line` and `column` count from 1. Marks `length` characters, at most to the end of the shown part of the line. */
export function drawFrame(
  lines: readonly string[],
  line: number,
  column: number,
  length: number,
): string {
  const first = Math.max(1, line - LINES_BEFORE);
  const end = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  const last = Math.max(line, Math.min(end, line + LINES_AFTER));
  const gutter = String(last).length;
  const row = (sign: string, label: string, rest: string) =>
    `${sign} ${label.padStart(gutter)} | ${rest}`.trimEnd();
  return lines
    .slice(first - 1, last)
    .flatMap((content, index) => {
      const number = first + index;
      if (number !== line) return [row(" ", String(number), cut(content, 0))];
      const start = windowStart(content, column);
      const text = cut(content, start);
      return [row(">", String(number), text), row(" ", "", drawMark(text, column - start, length))];
    })
    .join("\n");
}

/** Returns the offset of the part of a line to show: with the column in its middle, except near the ends of the line. */
function windowStart(content: string, column: number): number {
  return Math.max(0, Math.min(column - MAX_WIDTH / 2, content.length - MAX_WIDTH));
}

/**
 * Returns at most `MAX_WIDTH` characters from an offset. An ellipsis replaces the first or last one where text is cut off.
 * A surrogate without its other half also becomes an ellipsis.
 */
function cut(content: string, start: number): string {
  const end = start + MAX_WIDTH;
  const before = start > 0 ? ELLIPSIS : "";
  const after = end < content.length ? ELLIPSIS : "";
  const shown = content.slice(start + before.length, end - after.length);
  return before + shown.replaceAll(/\p{Surrogate}/gu, ELLIPSIS) + after;
}

/** Keeps tabs, so that the mark is aligned with its text for every tab width. */
function drawMark(text: string, column: number, length: number): string {
  const indent = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  const room = text.length - column + 1;
  return indent + "^".repeat(Math.max(1, Math.min(length, room)));
}

/** Replaces control characters with visible symbols, because a terminal would execute escape sequences. */
export function replaceControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}

// Shows text of a file in a terminal: as a code frame, and without escape sequences.

const LINES_BEFORE = 2;
const LINES_AFTER = 1;
const MAX_WIDTH = 120;

/** `line` and `column` count from 1. Marks `length` characters, at most to the end of the line. */
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
  return lines
    .slice(first - 1, last)
    .flatMap((content, index) => {
      const number = first + index;
      const label = String(number).padStart(gutter);
      const row = (sign: string, rest: string) => `${sign} ${rest}`.trimEnd();
      if (number !== line) return [row(" ", `${label} | ${content.slice(0, MAX_WIDTH)}`)];
      const mark = drawMark(content, column, length);
      return [
        row(">", `${label} | ${content.slice(0, MAX_WIDTH)}`),
        row(" ", `${" ".repeat(gutter)} | ${mark}`),
      ];
    })
    .join("\n");
}

/** Keeps tabs, so that the mark is aligned with its text for every tab width. */
function drawMark(content: string, column: number, length: number): string {
  if (column > MAX_WIDTH) return "";
  const indent = content.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  const room = Math.min(content.length, MAX_WIDTH) - column + 1;
  return indent + "^".repeat(Math.max(1, Math.min(length, room)));
}

/** Replaces control characters with visible symbols, because a terminal would execute escape sequences. */
export function showControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}

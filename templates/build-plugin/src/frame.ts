// A code frame: the lines around a place, with a mark below it.

const BEFORE = 2;
const AFTER = 1;
const WIDEST = 120;

/** `line` and `column` count from 1; `length` characters are marked, on that line only. */
export function frame(
  lines: readonly string[],
  line: number,
  column: number,
  length: number,
): string {
  const first = Math.max(1, line - BEFORE);
  const end = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  const last = Math.max(line, Math.min(end, line + AFTER));
  const gutter = String(last).length;
  return lines
    .slice(first - 1, last)
    .flatMap((content, index) => {
      const number = first + index;
      const label = String(number).padStart(gutter);
      const row = (sign: string, rest: string) => `${sign} ${rest}`.trimEnd();
      if (number !== line) return [row(" ", `${label} | ${content.slice(0, WIDEST)}`)];
      const mark = pointer(content, column, length);
      return [
        row(">", `${label} | ${content.slice(0, WIDEST)}`),
        row(" ", `${" ".repeat(gutter)} | ${mark}`),
      ];
    })
    .join("\n");
}

/** Tabs stay tabs, so that the mark stands below its text whatever their width. */
function pointer(content: string, column: number, length: number): string {
  if (column > WIDEST) return "";
  const indent = content.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  const room = Math.min(content.length, WIDEST) - column + 1;
  return indent + "^".repeat(Math.max(1, Math.min(length, room)));
}

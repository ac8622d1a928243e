// Aligns the columns of a Markdown table from which rows were removed, or removes the table if it has no row.
import { indentOf } from "./lines.ts";

/** The header row and the delimiter row. */
const HEADER_LINES = 2;

/** Aligns the table that contains the cut or ends at it. A table without a row is removed. */
export function alignTable(lines: string[], cut: number): number | undefined {
  let [start, end] = [cut, cut];
  while (isRow(lines[start - 1])) start -= 1;
  while (isRow(lines[end])) end += 1;
  if (start === end) return undefined;
  if (end - start === HEADER_LINES) {
    if (lines[start - 1] === "") start -= 1;
    lines.splice(start, end - start);
  } else lines.splice(start, end - start, ...aligned(lines.slice(start, end)));
  return start;
}

const isRow = (text = ""): boolean => text.trimStart().startsWith("|");

/** Pads the cells of a table, as Biome prints it. */
export function aligned(table: readonly string[]): string[] {
  const rows = table.map(cellsOf);
  const indent = indentOf(table[0] ?? "");
  const delimiters = rows[1] ?? [];
  const widths = delimiters.map((_, column) =>
    Math.max(3, ...rows.map((row, index) => (index === 1 ? 0 : widthOf(row[column] ?? "")))),
  );
  return rows.map((row, index) => {
    const cells = widths.map((width, column) => {
      const delimiter = delimiters[column] ?? "";
      return index === 1
        ? delimiterOf(delimiter, width)
        : padded(row[column] ?? "", width, delimiter);
    });
    return `${indent}| ${cells.join(" | ")} |`;
  });
}

const cellsOf = (row: string): readonly string[] =>
  row
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

const widthOf = (cell: string): number => Bun.stringWidth(cell);

const delimiterOf = (delimiter: string, width: number): string => {
  const [start, end] = [delimiter.startsWith(":") ? ":" : "", delimiter.endsWith(":") ? ":" : ""];
  return start + "-".repeat(width - start.length - end.length) + end;
};

/** The cell filled up with spaces, on the side that the column's delimiter names. */
function padded(cell: string, width: number, delimiter: string): string {
  const missing = width - widthOf(cell);
  if (!delimiter.endsWith(":")) return cell + " ".repeat(missing);
  if (!delimiter.startsWith(":")) return " ".repeat(missing) + cell;
  return " ".repeat(Math.floor(missing / 2)) + cell + " ".repeat(Math.ceil(missing / 2));
}

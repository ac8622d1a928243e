// Aligns the columns of the Markdown tables from which rows were removed, and drops tables without a row.
import { indentOf, type Line } from "./lines.ts";

/** The header row and the delimiter row. */
const HEADER_LINES = 2;

export function alignTables(lines: readonly Line[]): readonly Line[] {
  const result: Line[] = [];
  let table: Line[] = [];
  const flush = () => {
    const isCut = table.some(({ isAfterCut }) => isAfterCut);
    if (isCut && table.length === HEADER_LINES) {
      if (result.at(-1)?.text === "") result.pop();
    } else result.push(...(isCut ? aligned(table) : table));
    table = [];
  };
  for (const line of lines) {
    if (line.text.trimStart().startsWith("|")) table.push(line);
    else {
      // A row removed at the end of the table leaves its cut on the line that follows.
      if (line.isAfterCut) table = table.map((row) => ({ ...row, isAfterCut: true }));
      flush();
      result.push(line);
    }
  }
  flush();
  return result;
}

function aligned(table: readonly Line[]): Line[] {
  const rows = table.map(({ text }) => cellsOf(text));
  const indent = indentOf(table[0]?.text ?? "");
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
    return { text: `${indent}| ${cells.join(" | ")} |`, isAfterCut: false };
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

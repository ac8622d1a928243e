// Formats the report as a table for the terminal, with the changes since the previous build.
import type { FileSize, Report } from "./report.ts";
import { printSize } from "./size.ts";

const HEAD = ["dist/", "raw", "gzip", "brotli", "change"];

/** Formats a row per file; the files of the library share one row. Compares with the previous build if there was one. */
export function formatTable(report: Report, before: Report | undefined): string {
  const rowsBefore = rowsOf(before);
  const rows = rowsOf(report).map((row) => [
    row.path,
    printSize(row.raw),
    printSize(row.gzip),
    row.brotli === undefined ? "–" : printSize(row.brotli),
    before === undefined ? "" : change(row, findRow(rowsBefore, row.path)),
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(...[head, ...rows.map((row) => row[column] ?? "")].map(({ length }) => length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("   ")
      .trimEnd();
  return [line(HEAD), ...rows.map(line)].join("\n");
}

function rowsOf(report: Report | undefined): readonly FileSize[] {
  const files = report?.files ?? [];
  const library = files.filter(({ path }) => path.startsWith("library/"));
  const rest = files.filter((file) => !library.includes(file));
  if (library.length === 0) return rest;
  const sum = (key: "raw" | "gzip") => library.reduce((total, file) => total + file[key], 0);
  const path = `library/ (${library.length} modules)`;
  return [{ path, raw: sum("raw"), gzip: sum("gzip") }, ...rest];
}

/** Finds a row by its path, or by its name without the hash if only one row has that name. */
function findRow(rows: readonly FileSize[], path: string): FileSize | undefined {
  const same = rows.find((row) => row.path === path);
  const similar = rows.filter((row) => withoutHash(row.path) === withoutHash(path));
  return same ?? (similar.length === 1 ? similar[0] : undefined);
}

/** Removes the parts of the path that change with the content: the hash, and the number of modules. */
const withoutHash = (path: string): string =>
  path.replace(/-[a-z\d]{8}(?=\.\w+$)/, "").replace(/ \(.*/, "");

function change({ gzip }: FileSize, before: FileSize | undefined): string {
  if (before === undefined) return "new";
  const difference = gzip - before.gzip;
  if (difference === 0) return "=";
  return `${difference > 0 ? "+" : "−"}${printSize(Math.abs(difference))}`;
}

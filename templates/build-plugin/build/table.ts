// The report as a table for the terminal, with what changed since the build before.
import type { FileSize, Report } from "./report.ts";
import { printSize } from "./size.ts";

const HEAD = ["dist/", "raw", "gzip", "brotli", "change"];

/** Files of the library share a row. */
export function table(report: Report, before: Report | undefined): string {
  const known = new Map(rowsOf(before).map((row) => [stable(row.path), row]));
  const rows = rowsOf(report).map((row) => [
    row.path,
    printSize(row.raw),
    printSize(row.gzip),
    row.brotli === undefined ? "–" : printSize(row.brotli),
    before === undefined ? "" : change(row, known.get(stable(row.path))),
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

/** The name without what changes with the content. */
const stable = (path: string): string =>
  path.replace(/-[a-z\d]{8}(?=\.\w+$)/, "").replace(/ \(.*/, "");

function change({ gzip }: FileSize, before: FileSize | undefined): string {
  if (before === undefined) return "new";
  const difference = gzip - before.gzip;
  if (difference === 0) return "=";
  return `${difference > 0 ? "+" : "−"}${printSize(Math.abs(difference))}`;
}

// Renders a result as Markdown with aligned columns, so that it is readable in a terminal as well.
import type { Figure } from "./area.ts";
import type { Result } from "./result.ts";

export function renderResult({
  area,
  date,
  quick,
  machine,
  versions,
  benches,
  verdicts,
}: Result): string {
  const units = Object.fromEntries(Object.entries(benches).map(([name, { unit }]) => [name, unit]));
  const rows = Object.entries(benches).flatMap(([name, { unit, contestants }]) =>
    Object.entries(contestants).map(([contestant, { median, spread, samples }]) => [
      name,
      contestant,
      `${number(median)} ${unit}`,
      `${number(spread * 100)} % (${samples.length})`,
    ]),
  );
  const figures = verdicts.map(({ figure, value, kept }) => [
    kept ? "kept" : "MISSED",
    figure.bench,
    describe(figure, units[figure.bench] ?? ""),
    figure.over === undefined ? `${number(value)} ${units[figure.bench]}` : number(value),
  ]);
  return [
    `### ${area}${quick ? " (a quick run, not for publishing)" : ""}`,
    `${date.slice(0, 10)}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, load ${number(machine.load)}; ${list(versions)}.`,
    table(["bench", "contestant", "median", "spread (samples)"], rows),
    ...(figures.length === 0 ? [] : [table(["", "bench", "figure", "reached"], figures)]),
  ].join("\n\n");
}

/** A figure as text, for example `ours ≥ 0.8 × bare`. */
function describe(figure: Figure, unit: string): string {
  const bound = "atLeast" in figure ? `≥ ${figure.atLeast}` : `≤ ${figure.atMost}`;
  return `${figure.of} ${bound} ${figure.over === undefined ? unit : `× ${figure.over}`}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function list(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

/** Three significant digits: 0.853, 12.3, 29,970. */
function number(value: number): string {
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: decimals });
}

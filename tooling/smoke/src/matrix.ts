// Renders the matrix as a table for a terminal: a row for each starter, a column for each cell. Pure.
import { CELLS, type Cell, type Matrix, type State } from "./cells.ts";

/** Colors a text by state; `plain` does not. */
export type Paint = (status: State["status"], text: string) => string;

export const plain: Paint = (_, text) => text;

const coloured: Paint = (status, text) => {
  const code = { passed: 32, failed: 31, running: 33 }[status as string] ?? 2;
  return `\u001b[${code}m${text}\u001b[39;22m`;
};

export const paintFor = (stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Paint =>
  stream.isTTY && !env.NO_COLOR ? coloured : plain;

/** A label has at most six characters, and columns are at least one space apart. */
const width = (cell: Cell): number => Math.max(6, cell.length) + 1;

/** @param now a time of `performance.now()`, in milliseconds. */
export function renderMatrix(matrix: Matrix, now: number, paint: Paint): readonly string[] {
  const first = Math.max("starter".length, ...[...matrix.keys()].map((name) => name.length));
  const head = CELLS.map((cell) => cell.padStart(width(cell))).join("");
  const rows = [...matrix].map(([name, row]) => {
    const cells = CELLS.map((cell) =>
      paint(row[cell].status, label(row[cell], now).padStart(width(cell))),
    );
    return `${name.padEnd(first)}${cells.join("")}`;
  });
  return [`${"starter".padEnd(first)}${head}`, ...rows];
}

function label(state: State, now: number): string {
  switch (state.status) {
    case "waiting":
      return "·";
    case "not run":
      return "skip";
    case "not applicable":
      return "–";
    case "running":
      return `${duration(now - state.since)}…`;
    case "passed":
      return duration(state.ms);
    case "failed":
      return `✗ ${duration(state.ms)}`;
  }
}

/** Usually at most four characters: `0.1s`, `9.9s`, `42s`, `12m`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  if (seconds < 599.5) return `${Math.round(seconds)}s`;
  return `${Math.round(seconds / 60)}m`;
}

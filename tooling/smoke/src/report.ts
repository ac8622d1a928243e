// Renders the outcome of a run: as data for programs, and as text for the terminal. Pure.
import { cellsOf, failures, isGreen, type Matrix } from "./cells.ts";
import { duration, type Paint, renderMatrix } from "./matrix.ts";
import type { Move } from "./versions.ts";

export interface Outcome {
  readonly matrix: Matrix;
  readonly ms: number;
  /** ISO 8601. */
  readonly date: string;
  readonly bun: string;
  /** For example `linux x64`. */
  readonly system: string;
  /** With --drift: the dependencies of each starter that are newer than in its package.json. */
  readonly moved: ReadonlyMap<string, readonly Move[]>;
  /** The end of the log of each failed cell, by its path. */
  readonly logs: ReadonlyMap<string, string>;
}

export function toJson({ matrix, ms, date, bun, system, moved }: Outcome): object {
  return {
    ok: isGreen(matrix),
    date,
    bun,
    system,
    ms: Math.round(ms),
    starters: [...matrix].map(([name, row]) => ({
      name,
      cells: Object.entries(row).map(([cell, state]) => ({
        cell,
        ...state,
        ...("ms" in state ? { ms: Math.round(state.ms) } : {}),
      })),
      moved: moved.get(name) ?? [],
    })),
  };
}

/** The matrix, the failed cells with their reasons, and a summary in one line. */
export function toText({ matrix, ms, moved, logs }: Outcome, paint: Paint): string {
  const red = failures(matrix).map(({ starter, cell, reason, log }) =>
    [
      "",
      paint("failed", `✗ ${starter}: ${cell}: ${reason}`),
      ...(logs.get(log) ?? "").split("\n").map((line) => `  ${line}`),
      `  ${log}`,
    ].join("\n"),
  );
  const newer = [...moved].map(([name, moves]) => `${name}: ${movesInWords(moves)}`);
  return [
    ...renderMatrix(matrix, 0, paint),
    ...red,
    ...(newer.length > 0 ? ["", ...newer] : []),
    "",
    `${summary(matrix)} in ${duration(ms)}`,
  ].join("\n");
}

/** For example `42 rows, 300 cells: 300 passed`. */
export function summary(matrix: Matrix): string {
  const cells = cellsOf(matrix).filter(({ state }) => state.status !== "not applicable");
  const count = (status: string) => cells.filter(({ state }) => state.status === status).length;
  const parts = ["passed", "failed", "not run"]
    .map((status) => [status, count(status)] as const)
    .filter(([status, number]) => number > 0 || status === "passed")
    .map(([status, number]) => `${number} ${status}`);
  const rows = matrix.size === 1 ? "1 row" : `${matrix.size} rows`;
  return `${rows}, ${cells.length} cells: ${parts.join(", ")}`;
}

/** For example `zod 4.6.7 → 4.7.0`, separated by commas. */
export function movesInWords(moves: readonly Move[]): string {
  if (moves.length === 0) return "every dependency is at its newest release";
  return moves.map(({ name, from, to }) => `${name} ${from} → ${to}`).join(", ");
}

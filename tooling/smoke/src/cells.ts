// The cells of the matrix: what is done with every starter, in this order, and how a cell may stand.

export const CELLS = [
  "create",
  "install",
  "check",
  "format",
  "test",
  "build",
  "boot",
  "probe",
  "drain",
] as const;
export type Cell = (typeof CELLS)[number];

export type State =
  | { readonly status: "waiting" | "not run" }
  | { readonly status: "not applicable"; readonly reason: string }
  /** `since` is in milliseconds, by `performance.now()`. */
  | { readonly status: "running"; readonly since: number }
  | { readonly status: "passed"; readonly ms: number }
  | {
      readonly status: "failed";
      readonly ms: number;
      readonly reason: string;
      /** Path of the file with all that was printed. */
      readonly log: string;
    };

/** What the run knows about a starter before it creates it. */
export interface Starter {
  /** Of the row: the template's name, with the feature that is left out. */
  readonly name: string;
  readonly template: string;
  /** The feature that is left out; undefined for the complete starter. */
  readonly without: string | undefined;
  /** Something runs: it has a `start` script. The others are libraries. */
  readonly service: boolean;
}

export type Row = Readonly<Record<Cell, State>>;
/** By the name of the starter. */
export type Matrix = ReadonlyMap<string, Row>;

/** A starter's row before anything has run. */
export function plan({ service, without }: Starter, platform: NodeJS.Platform): Row {
  const state = (cell: Cell): State => {
    if (without !== undefined && (cell === "format" || cell === "drain")) {
      return { status: "not applicable", reason: "the complete starter's row covers it" };
    }
    if (!service && (cell === "boot" || cell === "drain")) {
      return { status: "not applicable", reason: "a library: nothing runs" };
    }
    if (platform === "win32" && cell === "drain") {
      return { status: "not applicable", reason: "Windows has no signals" };
    }
    return { status: "waiting" };
  };
  return Object.fromEntries(CELLS.map((cell) => [cell, state(cell)])) as Row;
}

/** Every cell of a matrix, row by row. */
export function cellsOf(matrix: Matrix) {
  return [...matrix].flatMap(([starter, row]) =>
    CELLS.map((cell) => ({ starter, cell, state: row[cell] })),
  );
}

/** The red cells: at most one in a row. */
export function failures(matrix: Matrix) {
  return cellsOf(matrix).flatMap(({ starter, cell, state }) =>
    state.status === "failed" ? [{ starter, cell, ...state }] : [],
  );
}

/** Nothing is red, and nothing was left out. */
export const isGreen = (matrix: Matrix): boolean =>
  cellsOf(matrix).every(({ state }) => /^(passed|not applicable)$/.test(state.status));

// The cells of the matrix: the steps for every starter, in this order, and the states of a cell.

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
  /** `since` is a time of `performance.now()`, in milliseconds. */
  | { readonly status: "running"; readonly since: number }
  | { readonly status: "passed"; readonly ms: number }
  | {
      readonly status: "failed";
      readonly ms: number;
      readonly reason: string;
      /** Path of the file with the complete output. */
      readonly log: string;
    };

/** Facts about a starter that are known before it is created. */
export interface Starter {
  /** Of the row: the template's name, with the feature that is left out. */
  readonly name: string;
  readonly template: string;
  /** The feature that is left out; undefined for the complete starter. */
  readonly without: string | undefined;
  /** It has a `start` script. The others are libraries. */
  readonly service: boolean;
}

export type Row = Readonly<Record<Cell, State>>;
/** By the name of the row. */
export type Matrix = ReadonlyMap<string, Row>;

/** A starter's row before the run. */
export function plan({ service, without }: Starter, platform: NodeJS.Platform): Row {
  const state = (cell: Cell): State => {
    if (without !== undefined && (cell === "format" || cell === "drain")) {
      return { status: "not applicable", reason: "the complete starter's row covers it" };
    }
    if (!service && (cell === "boot" || cell === "drain")) {
      return { status: "not applicable", reason: "a library has nothing to start" };
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

/** The failed cells: at most one per row. */
export function failures(matrix: Matrix) {
  return cellsOf(matrix).flatMap(({ starter, cell, state }) =>
    state.status === "failed" ? [{ starter, cell, ...state }] : [],
  );
}

/** Every cell passed, and none was skipped. */
export const isGreen = (matrix: Matrix): boolean =>
  cellsOf(matrix).every(({ state }) => /^(passed|not applicable)$/.test(state.status));

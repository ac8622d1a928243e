// Runs the cells of the matrix: in order within a row, rows concurrently. A failed cell ends its row.
import {
  CELLS,
  type Cell,
  type Matrix,
  plan,
  type Row,
  type Starter,
  type State,
} from "./cells.ts";
import { Slots } from "./slots.ts";

export interface Entry {
  readonly starter: Starter;
  readonly work: Work;
}

/** Runs the cells of a row. It is disposed of at the end of the row. */
export interface Work extends AsyncDisposable {
  /** @throws if the cell fails. */
  readonly perform: (cell: Cell, signal: AbortSignal) => Promise<void>;
  readonly logOf: (cell: Cell) => string;
}

export interface Change {
  readonly matrix: Matrix;
  readonly starter: string;
  readonly cell: Cell;
  readonly state: State;
}

export interface BoardOptions {
  /** How many cells run at the same time. */
  readonly jobs: number;
  /** Aborts the run: no further cell starts. */
  readonly signal: AbortSignal;
  /** Called on every change. */
  readonly report: (change: Change) => void;
}

/** Resolves to the matrix at the end of the run. */
export async function fill(
  entries: readonly Entry[],
  { jobs, signal, report }: BoardOptions,
): Promise<Matrix> {
  const matrix = new Map<string, Row>(
    entries.map(({ starter }) => [starter.name, plan(starter, process.platform)]),
  );
  const slots = new Slots(jobs);

  const set = ({ name }: Starter, row: Row, cell: Cell, state: State): Row => {
    const changed = { ...row, [cell]: state };
    matrix.set(name, changed);
    report({ matrix, starter: name, cell, state });
    return changed;
  };

  const fillRow = async ({ starter, work }: Entry): Promise<void> => {
    await using _ = work;
    let row = plan(starter, process.platform);
    for (const cell of CELLS.filter((cell) => row[cell].status === "waiting")) {
      if (Object.values(row).some(({ status }) => status === "failed")) {
        row = set(starter, row, cell, { status: "not run" });
        continue;
      }
      await slots.run(async () => {
        if (signal.aborted) return;
        const since = performance.now();
        row = set(starter, row, cell, { status: "running", since });
        const reason = await reasonOf(() => work.perform(cell, signal));
        const ms = performance.now() - since;
        row = set(
          starter,
          row,
          cell,
          reason === undefined
            ? { status: "passed", ms }
            : { status: "failed", ms, reason, log: work.logOf(cell) },
        );
      });
    }
  };

  await Promise.all(entries.map(fillRow));
  return matrix;
}

/** The first line of the error; undefined if the work succeeds. */
async function reasonOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return line.replace(/:$/, "");
  }
}

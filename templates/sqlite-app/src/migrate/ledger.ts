// The ledger table of a SQLite database: which migrations are applied, and which application owns the file.
import type { Database } from "bun:sqlite";
import type { Migration } from "./files.ts";
import type { Step } from "./plan.ts";
import { type DatabaseState, type LedgerRow, ledgerOwner, REVERTING } from "./state.ts";

/**
 * Marks the file as this application's database. Before the first release, choose your own number, from 1 to
 * 0x7fffffff, and delete `data/app.db`, which has the old one.
 */
const APPLICATION_ID = 0x62_75_6e_79;

const LEDGER = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('up', 'baseline')),
    compatible INTEGER NOT NULL,
    finished INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
`;

type Row = Omit<LedgerRow, "compatible" | "finished"> & { compatible: number; finished: number };

/** Creates the ledger if it does not exist. Call it in the transaction that writes the first row. */
export function createLedger(database: Database): void {
  database.run(LEDGER);
}

export function readState(database: Database): DatabaseState {
  const tables = database
    .query<{ name: string }, []>(
      `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow'
       AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'schema\\_migrations%' ESCAPE '\\'`,
    )
    .all();
  const id = database.query<{ application_id: number }, []>("PRAGMA application_id").get();
  const isForeign = ![0, APPLICATION_ID].includes(id?.application_id ?? 0);
  const columns = database
    .query<{ name: string }, []>("SELECT name FROM pragma_table_info('schema_migrations')")
    .all()
    .map(({ name }) => name);
  const tool = ledgerOwner(columns);
  const rows =
    columns.length > 0 && tool === undefined
      ? database.query<Row, []>("SELECT * FROM schema_migrations ORDER BY version").all()
      : [];
  const ledger = rows.map(({ compatible, finished, ...row }) => {
    return { ...row, compatible: compatible === 1, finished: finished === 1 };
  });
  return { ledger, tables: tables.length, otherOwner: isForeign ? { kind: "application" } : tool };
}

export function writeRow(
  database: Database,
  { version, name, checksum, up }: Migration,
  { origin, duration_ms, finished }: Pick<LedgerRow, "origin" | "duration_ms" | "finished">,
): void {
  const now = new Date().toISOString();
  const ms = Math.round(duration_ms);
  database.run(
    `INSERT OR REPLACE INTO schema_migrations
       (version, name, checksum, applied_at, duration_ms, origin, compatible, finished)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [version, name, checksum, now, ms, origin, up.marks.has("compatible"), finished],
  );
}

/** Records that a step outside a transaction starts or, with its milliseconds, that a step is done. */
export function recordStep(database: Database, { direction, migration }: Step, ms?: number): void {
  const { version } = migration;
  if (direction === "up") {
    const finished = ms !== undefined;
    writeRow(database, migration, { origin: "up", duration_ms: ms ?? 0, finished });
  } else if (ms === undefined) {
    const update = "UPDATE schema_migrations SET finished = 0, duration_ms = ? WHERE version = ?";
    database.run(update, [REVERTING, version]);
  } else {
    database.run("DELETE FROM schema_migrations WHERE version = ?", [version]);
  }
}

// The ledger table of a SQLite database: which migrations are applied, and which application owns the file.
import type { Database } from "bun:sqlite";
import type { Migration } from "./files.ts";
import type { DatabaseState, LedgerRow } from "./state.ts";

/** Marks the file as this application's database. Choose a number of your own before the first release. */
const APPLICATION_ID = 0x62_75_6e_79;

const CREATE = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('up', 'baseline'))
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
`;

/** Creates the ledger if it does not exist. Call it in the transaction that writes the first row. */
export function createLedger(database: Database): void {
  database.run(CREATE);
}

export function readState(database: Database): DatabaseState {
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all()
    .map(({ name }) => name);
  const id = database.query<{ application_id: number }, []>("PRAGMA application_id").get();
  const ledger = tables.includes("schema_migrations")
    ? database.query<LedgerRow, []>("SELECT * FROM schema_migrations ORDER BY version").all()
    : [];
  return {
    ledger,
    tables: tables.filter((name) => name !== "schema_migrations").length,
    foreign: ![0, APPLICATION_ID].includes(id?.application_id ?? 0),
  };
}

export function addRow(
  database: Database,
  { version, name, checksum }: Migration,
  { origin, ms }: { readonly origin: LedgerRow["origin"]; readonly ms: number },
): void {
  database.run(
    `INSERT INTO schema_migrations (version, name, checksum, applied_at, duration_ms, origin)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [version, name, checksum, new Date().toISOString(), Math.round(ms), origin],
  );
}

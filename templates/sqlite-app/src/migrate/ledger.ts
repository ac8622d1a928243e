// The ledger table of a SQLite database: which migrations it holds, and whose database it is.
import type { Database } from "bun:sqlite";
import type { Migration } from "./files.ts";
import type { Contents, LedgerRow } from "./state.ts";

/** Marks the file as a database of this application; choose another number for another application. */
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

/** Makes the ledger, if it is not there. Call it inside the transaction that writes the first row. */
export function createLedger(database: Database): void {
  database.run(CREATE);
}

export function readContents(database: Database): Contents {
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

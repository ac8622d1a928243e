// The ledger table of a PostgreSQL database.
import type { Migration } from "./files.ts";
import type { Step } from "./plan.ts";
import { type DatabaseState, type LedgerRow, ledgerOwner, REVERTING } from "./state.ts";

/** Runs statements. Several can be given in one text if there are no values. */
export interface SqlRunner {
  // biome-ignore lint/suspicious/noExplicitAny: as in Bun's `SQL`, the type of the rows is not checked
  unsafe(text: string, values?: unknown[]): Promise<any>;
}

/** The second table lists the objects that migrations created. */
const LEDGER = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz(3) NOT NULL DEFAULT now(),
    duration_ms integer NOT NULL,
    origin text NOT NULL CHECK (origin IN ('up', 'baseline')),
    compatible boolean NOT NULL,
    finished boolean NOT NULL
  );
  CREATE TABLE IF NOT EXISTS schema_migrations_objects (kind text, identity text)`;

/** Tables of the schema, except those that belong to an extension such as PostGIS. */
const TABLES = `
  SELECT relname AS name FROM pg_class
  WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p')
    AND relname NOT LIKE 'schema\\_migrations%' AND NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )`;
const COLUMNS = `
  SELECT attname AS name FROM pg_attribute
  WHERE attrelid = to_regclass(quote_ident(current_schema()) || '.schema_migrations') AND attnum > 0 AND NOT attisdropped`;

type Row = Omit<LedgerRow, "applied_at"> & { readonly applied_at: Date };

export async function readState(sql: SqlRunner): Promise<DatabaseState> {
  const tables: unknown[] = await sql.unsafe(TABLES);
  const columns: { name: string }[] = await sql.unsafe(COLUMNS);
  const otherOwner = ledgerOwner(columns.map(({ name }) => name));
  const rows: Row[] =
    columns.length > 0 && otherOwner === undefined
      ? await sql.unsafe("SELECT * FROM schema_migrations ORDER BY version")
      : [];
  const ledger = rows.map((row) => ({ ...row, applied_at: row.applied_at.toISOString() }));
  return { ledger, tables: tables.length, otherOwner };
}

/** Creates the ledger if it does not exist. */
export async function createLedger(sql: SqlRunner): Promise<void> {
  await sql.unsafe(LEDGER);
}

export async function writeRow(
  sql: SqlRunner,
  { version, name, checksum, up }: Migration,
  { origin, duration_ms, finished }: Pick<LedgerRow, "origin" | "duration_ms" | "finished">,
): Promise<void> {
  const isCompatible = up.marks.has("compatible");
  await sql.unsafe(
    `INSERT INTO schema_migrations (version, name, checksum, duration_ms, origin, compatible, finished)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (version) DO UPDATE SET name = excluded.name, checksum = excluded.checksum, applied_at = now(),
       duration_ms = excluded.duration_ms, compatible = excluded.compatible, finished = excluded.finished`,
    [version, name, checksum, Math.round(duration_ms), origin, isCompatible, finished],
  );
}

/** Records that a step outside a transaction starts or, with its milliseconds, that a step is done. */
export async function recordStep(sql: SqlRunner, { direction, migration }: Step, ms?: number) {
  const { version } = migration;
  if (direction === "up") {
    const finished = ms !== undefined;
    await writeRow(sql, migration, { origin: "up", duration_ms: ms ?? 0, finished });
  } else if (ms === undefined) {
    const update =
      "UPDATE schema_migrations SET finished = false, duration_ms = $1 WHERE version = $2";
    await sql.unsafe(update, [REVERTING, version]);
  } else {
    await sql.unsafe("DELETE FROM schema_migrations WHERE version = $1", [version]);
  }
}

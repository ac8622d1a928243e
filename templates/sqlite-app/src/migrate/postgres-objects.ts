// Determines which objects of a PostgreSQL schema belong to this application: the ones that its migrations created.
import { MigrateError } from "./errors.ts";
import { readState, type SqlRunner } from "./postgres-ledger.ts";
import { quoteName } from "./postgres-programs.ts";

export interface DatabaseObject {
  /** `<catalog>:<oid>`, which does not change if the object is renamed. */
  readonly id: string;
  readonly oid: string;
  /** A kind as in `DROP <kind>`. */
  readonly kind: string;
  /** Quoted, with the schema and the types of its arguments. */
  readonly identity: string;
  readonly name: string;
}

const RELATIONS = ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"];

/** Whether pg_dump can leave it out, with `--exclude-table`. */
export const isRelation = ({ kind }: DatabaseObject) => RELATIONS.includes(kind);

/** Options of pg_dump that leave out `objects` of `schema`. */
export const exclude = (schema: string, objects: readonly DatabaseObject[]) =>
  objects.map(({ name }) => `--exclude-table=${quoteName(schema)}.${quoteName(name)}`);

export const describeObject = ({ kind, identity }: Pick<DatabaseObject, "kind" | "identity">) =>
  `${kind} ${identity}`;

/** Objects of the current schema, without the ledger, and without those of extensions such as PostGIS. */
const OBJECTS = `
  WITH object (catalog, oid, kind, name) AS (
    SELECT 'pg_class'::regclass, oid, CASE relkind
      WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
      WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname::text
    FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
      AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relname NOT IN ('schema_migrations', 'schema_migrations_objects')
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, 'ROUTINE', proname::text
    FROM pg_proc WHERE pronamespace = to_regnamespace(quote_ident(current_schema()))
    UNION ALL
    SELECT 'pg_type'::regclass, oid, 'TYPE', typname::text
    FROM pg_type WHERE typnamespace = to_regnamespace(quote_ident(current_schema())) AND (typtype IN ('e', 'd', 'r')
      OR typtype = 'c' AND EXISTS (SELECT FROM pg_class WHERE oid = typrelid AND relkind = 'c'))
    UNION ALL
    SELECT 'pg_collation'::regclass, oid, 'COLLATION', collname::text
    FROM pg_collation WHERE collnamespace = to_regnamespace(quote_ident(current_schema()))
    UNION ALL
    SELECT 'pg_operator'::regclass, oid, 'OPERATOR', oprname::text
    FROM pg_operator WHERE oprnamespace = to_regnamespace(quote_ident(current_schema()))
    UNION ALL
    SELECT 'pg_ts_config'::regclass, oid, 'TEXT SEARCH CONFIGURATION', cfgname::text
    FROM pg_ts_config WHERE cfgnamespace = to_regnamespace(quote_ident(current_schema()))
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, oid, 'TEXT SEARCH DICTIONARY', dictname::text
    FROM pg_ts_dict WHERE dictnamespace = to_regnamespace(quote_ident(current_schema()))
  )
  SELECT catalog::oid || ':' || object.oid AS id, object.oid::text AS oid, kind, object.name, identity.identity
  FROM object, pg_identify_object(catalog, object.oid, 0) AS identity
  WHERE NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = catalog AND objid = object.oid AND objsubid = 0 AND deptype IN ('e', 'i')
  )
  ORDER BY kind, identity.identity`;

/**
 * The kind of the rows that list what was foreign at the start of a step outside a transaction. They exist until the
 * step is finished. One row has an empty identity: it shows that a step has started, even if nothing was foreign.
 */
const FOREIGN = "FOREIGN AT START";

/** The kind of the row with the number of own objects. It shows whether rows were lost. */
const COUNT = "COUNT";

/** The operator gives this kind to a row whose object was dropped, or belongs to another application. */
const IGNORED = "IGNORED";

async function listObjects(sql: SqlRunner): Promise<readonly DatabaseObject[]> {
  return sql.unsafe(OBJECTS);
}

export interface Ownership {
  readonly own: readonly DatabaseObject[];
  /** Objects in the same schema that no migration created. */
  readonly foreign: readonly DatabaseObject[];
}

/**
 * @param missing whether a recorded object may be missing, as before a restore, which creates it again
 * @throws {MigrateError} if rows of the record are lost, or an object that must exist does not, under its recorded name.
 */
export async function readOwnership(
  sql: SqlRunner,
  missing: "refused" | "accepted" = "refused",
): Promise<Ownership> {
  const objects = await listObjects(sql);
  const rows = await readRows(sql);
  const foreignAtStart = rows.filter(({ kind }) => kind === FOREIGN);
  if (foreignAtStart.length > 0) {
    // The unfinished step may have created and dropped objects since the last record.
    const foreign = new Set(foreignAtStart.map(({ identity }) => identity));
    return split(objects, (name) => !foreign.has(name));
  }
  const recorded = rows.filter(({ kind }) => kind !== COUNT);
  const own = new Set(recorded.filter(({ kind }) => kind !== IGNORED).map(describeObject));
  const ownership = split(objects, (name) => own.has(name));
  const { ledger } = await readState(sql);
  const count = Number(rows.find(({ kind }) => kind === COUNT)?.identity ?? 0);
  const isIncomplete = recorded.length < count || (ledger.length > 0 && rows.length === 0);
  if (isIncomplete) throw incompleteRecord(ownership.foreign.map(describeObject));
  const lost = own.difference(new Set(objects.map(describeObject)));
  if (lost.size > 0 && missing === "refused") throw missingObjects([...lost]);
  return ownership;
}

function split(
  objects: readonly DatabaseObject[],
  isOwn: (description: string) => boolean,
): Ownership {
  const { own = [], foreign = [] } = Object.groupBy(objects, (object) =>
    isOwn(describeObject(object)) ? "own" : "foreign",
  );
  return { own, foreign };
}

function incompleteRecord(unlisted: readonly string[]): MigrateError {
  const message = `Rows of schema_migrations_objects, which lists what the migrations created, are missing. Not listed: ${unlisted.join(", ") || "nothing"}.`;
  return new MigrateError("refused", message, {
    hint: `Nothing was changed. Insert the kind and the identity of each one that the migrations created. If they created none of them, delete the row with the kind ${COUNT}.`,
  });
}

function missingObjects(names: readonly string[]): MigrateError {
  const message = `What the migrations created no longer exists under the recorded name: ${names.join(", ")}.`;
  return new MigrateError("refused", message, {
    hint: `Nothing was changed. In its row of schema_migrations_objects, set "identity" to the new name or, if it was dropped, "kind" to '${IGNORED}'.`,
  });
}

async function readRows(sql: SqlRunner): Promise<Pick<DatabaseObject, "kind" | "identity">[]> {
  // Qualified: otherwise, the table of a later schema of the search_path would be read.
  const [{ exists }] = await sql.unsafe(
    "SELECT to_regclass(quote_ident(current_schema()) || '.schema_migrations_objects') IS NOT NULL AS exists",
  );
  return exists ? sql.unsafe("SELECT kind, identity FROM schema_migrations_objects") : [];
}

/** Records what is foreign before a step outside a transaction, so that a retry does not count its objects as foreign. */
export async function recordForeign(
  sql: SqlRunner,
  foreign: readonly DatabaseObject[],
): Promise<void> {
  await sql.unsafe("DELETE FROM schema_migrations_objects WHERE kind = $1", [FOREIGN]);
  for (const name of ["", ...foreign.map(describeObject)]) await insertRow(sql, FOREIGN, name);
}

/** Records every object as own, except `foreign`. @returns the own objects. */
export async function recordOwnership(
  sql: SqlRunner,
  foreign: readonly DatabaseObject[],
): Promise<DatabaseObject[]> {
  const excluded = new Set(foreign.map(({ id }) => id));
  const own = (await listObjects(sql)).filter(({ id }) => !excluded.has(id));
  await sql.unsafe("DELETE FROM schema_migrations_objects");
  for (const { kind, identity } of own) await insertRow(sql, kind, identity);
  await insertRow(sql, COUNT, String(own.length));
  return own;
}

async function insertRow(sql: SqlRunner, kind: string, identity: string): Promise<void> {
  await sql.unsafe("INSERT INTO schema_migrations_objects VALUES ($1, $2)", [kind, identity]);
}

/** Invalid indexes of the current schema, as an interrupted CREATE INDEX CONCURRENTLY leaves them. */
const INVALID_INDEXES = `
  SELECT indexrelid::regclass::text AS name, indrelid::text AS table
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = to_regnamespace(quote_ident(current_schema()))`;

/** Returns the name of an invalid index of this application, or undefined. */
export async function findInvalidIndex(
  sql: SqlRunner,
  foreign: readonly DatabaseObject[],
): Promise<string | undefined> {
  const rows: { name: string; table: string }[] = await sql.unsafe(INVALID_INDEXES);
  return rows.find(({ table }) => foreign.every(({ oid }) => oid !== table))?.name;
}

/**
 * Foreign objects that depend on own ones and would be dropped with them, such as a view in another schema, a partition
 * or the membership in a publication. The constructors of a range type are internal to it, and not listed.
 */
const DEPENDENTS = `
  SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) AS description
  FROM pg_depend AS d
  LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_constraint AS c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
  LEFT JOIN pg_trigger AS t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
  LEFT JOIN pg_attrdef AS a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
  LEFT JOIN pg_policy AS p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
  LEFT JOIN pg_index AS i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
  LEFT JOIN pg_class AS k ON d.classid = 'pg_class'::regclass AND k.oid = d.objid AND k.relkind = 'c'
  LEFT JOIN pg_statistic_ext AS s ON d.classid = 'pg_statistic_ext'::regclass AND s.oid = d.objid
  WHERE d.refobjid = ANY (string_to_array($1, ',')::oid[])
    AND (d.deptype = 'n' OR d.classid = 'pg_publication_rel'::regclass OR EXISTS (
      SELECT FROM pg_inherits WHERE d.classid = 'pg_class'::regclass AND inhrelid = d.objid))
    AND NOT (d.classid = 'pg_proc'::regclass AND EXISTS (
      SELECT FROM pg_depend AS type WHERE (type.classid, type.objid, type.deptype) = (d.classid, d.objid, 'i')))
    AND coalesce(k.reltype, s.stxrelid, r.ev_class, nullif(c.conrelid, 0), c.contypid, t.tgrelid, a.adrelid, p.polrelid, i.indrelid, d.objid)
      <> ALL (string_to_array($1, ',')::oid[])`;

export async function listDependents(
  sql: SqlRunner,
  own: readonly DatabaseObject[],
): Promise<string[]> {
  const oids = own.map(({ oid }) => oid).join(",");
  const rows: { description: string }[] = await sql.unsafe(DEPENDENTS, [oids]);
  return rows.map(({ description }) => description);
}

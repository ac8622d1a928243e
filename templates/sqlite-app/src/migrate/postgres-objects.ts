// Determines which objects of a PostgreSQL schema belong to this application: the ones that its migrations created.
import type { Connection } from "./postgres-ledger.ts";

export interface DatabaseObject {
  /** `<catalog>:<oid>`, which does not change if the object is renamed. */
  readonly id: string;
  readonly oid: number;
  /** A kind as in `DROP <kind>`. */
  readonly kind:
    | "TABLE"
    | "VIEW"
    | "MATERIALIZED VIEW"
    | "FOREIGN TABLE"
    | "SEQUENCE"
    | "ROUTINE"
    | "TYPE"
    | "COLLATION"
    | "OPERATOR"
    | "TEXT SEARCH CONFIGURATION"
    | "TEXT SEARCH DICTIONARY";
  /** Quoted, with the schema and the types of its arguments. */
  readonly identity: string;
  readonly schema: string;
  readonly name: string;
}

/** Whether pg_dump can leave it out, with `--exclude-table`. */
export const isRelation = ({ kind }: DatabaseObject) =>
  ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"].includes(kind);

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
  SELECT catalog::oid || ':' || object.oid AS id, object.oid::int8::text AS oid, kind, object.name,
    current_schema() AS schema, identity.identity
  FROM object, pg_identify_object(catalog, object.oid, 0) AS identity
  WHERE NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = catalog AND objid = object.oid AND objsubid = 0 AND deptype IN ('e', 'i')
  )
  ORDER BY kind, identity.identity`;

const RECORDED = "SELECT kind, identity FROM schema_migrations_objects";

/**
 * The kind of the rows that list what was foreign at the start of a step outside a transaction. They exist until the
 * step is finished; one of them is empty, so that there is one without foreign objects, too.
 */
const FOREIGN = "FOREIGN AT START";

async function listObjects(sql: Connection): Promise<DatabaseObject[]> {
  const rows: (Omit<DatabaseObject, "oid"> & { oid: string })[] = await sql.unsafe(OBJECTS);
  return rows.map((row) => ({ ...row, oid: Number(row.oid) }));
}

export interface Ownership {
  readonly own: readonly DatabaseObject[];
  /** Objects in the same schema that no migration created. */
  readonly foreign: readonly DatabaseObject[];
}

export async function readOwnership(sql: Connection): Promise<Ownership> {
  const objects = await listObjects(sql);
  const [{ exists }] = await sql.unsafe(
    "SELECT to_regclass('schema_migrations_objects') IS NOT NULL AS exists",
  );
  const rows: { kind: string; identity: string }[] = exists ? await sql.unsafe(RECORDED) : [];
  const recorded = new Set(rows.map(({ kind, identity }) => `${kind} ${identity}`));
  // An unfinished step may have created objects that are not recorded yet.
  const isUnfinished = rows.some(({ kind }) => kind === FOREIGN);
  const isOwn = ({ kind, identity }: DatabaseObject) =>
    isUnfinished
      ? !recorded.has(`${FOREIGN} ${kind} ${identity}`)
      : recorded.has(`${kind} ${identity}`);
  return { own: objects.filter(isOwn), foreign: objects.filter((object) => !isOwn(object)) };
}

/** Records what is foreign before a step outside a transaction, so that a retry does not count its objects as foreign. */
export async function recordForeign(
  sql: Connection,
  foreign: readonly DatabaseObject[],
): Promise<void> {
  const names = ["", ...foreign.map(({ kind, identity }) => `${kind} ${identity}`)];
  await sql.unsafe("DELETE FROM schema_migrations_objects WHERE kind = $1", [FOREIGN]);
  for (const name of names) {
    await sql.unsafe("INSERT INTO schema_migrations_objects VALUES ($1, $2)", [FOREIGN, name]);
  }
}

/** Records every object as own, except `foreign`. @returns the own objects. */
export async function recordOwnership(
  sql: Connection,
  foreign: readonly DatabaseObject[],
): Promise<DatabaseObject[]> {
  const excluded = new Set(foreign.map(({ id }) => id));
  const own = (await listObjects(sql)).filter(({ id }) => !excluded.has(id));
  await sql.unsafe("DELETE FROM schema_migrations_objects");
  for (const { kind, identity } of own) {
    await sql.unsafe("INSERT INTO schema_migrations_objects VALUES ($1, $2)", [kind, identity]);
  }
  return own;
}

/** Invalid indexes of the current schema, as an interrupted CREATE INDEX CONCURRENTLY leaves them. */
const INVALID_INDEXES = `
  SELECT indexrelid::regclass::text AS name, indrelid::int8::text AS table
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = to_regnamespace(quote_ident(current_schema()))`;

/** Returns the name of an invalid index of this application, or undefined. */
export async function findInvalidIndex(
  sql: Connection,
  foreign: readonly DatabaseObject[],
): Promise<string | undefined> {
  const rows: { name: string; table: string }[] = await sql.unsafe(INVALID_INDEXES);
  return rows.find(({ table }) => foreign.every(({ oid }) => oid !== Number(table)))?.name;
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
  WHERE d.refobjid = ANY (string_to_array($1, ',')::oid[])
    AND (d.deptype = 'n' OR d.classid = 'pg_publication_rel'::regclass OR EXISTS (
      SELECT FROM pg_inherits WHERE d.classid = 'pg_class'::regclass AND inhrelid = d.objid))
    AND NOT (d.classid = 'pg_proc'::regclass AND EXISTS (
      SELECT FROM pg_depend AS type WHERE (type.classid, type.objid, type.deptype) = (d.classid, d.objid, 'i')))
    AND coalesce(r.ev_class, nullif(c.conrelid, 0), c.contypid, t.tgrelid, a.adrelid, p.polrelid, i.indrelid, d.objid)
      <> ALL (string_to_array($1, ',')::oid[])`;

export async function listDependents(
  sql: Connection,
  own: readonly DatabaseObject[],
): Promise<string[]> {
  const oids = own.map(({ oid }) => oid).join(",");
  const rows: { description: string }[] = await sql.unsafe(DEPENDENTS, [oids]);
  return rows.map(({ description }) => description);
}

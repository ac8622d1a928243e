// Lists the objects of the current schema of a PostgreSQL database, all of which belong to this application.
import type { SqlRunner } from "./postgres-ledger.ts";

export interface DatabaseObject {
  readonly oid: string;
  /** A kind as in `DROP <kind>`. */
  readonly kind: string;
  /** Quoted, with the schema and the types of its arguments. */
  readonly identity: string;
  readonly name: string;
}

/** Objects of the current schema, without those of extensions such as PostGIS. */
const OBJECTS = `
  WITH object (catalog, oid, kind, name) AS (
    SELECT 'pg_class'::regclass, oid, CASE relkind
      WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
      WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname::text
    FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
      AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
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
  SELECT object.oid::text AS oid, kind, object.name, identity.identity
  FROM object, pg_identify_object(catalog, object.oid, 0) AS identity
  WHERE NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = catalog AND objid = object.oid AND objsubid = 0 AND deptype IN ('e', 'i')
  )
  ORDER BY kind, identity.identity`;

export async function listObjects(sql: SqlRunner): Promise<readonly DatabaseObject[]> {
  return sql.unsafe(OBJECTS);
}

/** Names of invalid indexes in the current schema, as an interrupted CREATE INDEX CONCURRENTLY leaves them. */
const INVALID_INDEXES = `
  SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = to_regnamespace(quote_ident(current_schema()))`;

/** Returns the name of an invalid index, or undefined. */
export async function findInvalidIndex(sql: SqlRunner): Promise<string | undefined> {
  const [index] = await sql.unsafe(INVALID_INDEXES);
  return index?.name;
}

/**
 * Other objects that depend on the listed ones and would be dropped with them, such as a view in another schema, a
 * partition there, or the membership in a publication. The constructors of a range type are internal to it, and not listed.
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
  sql: SqlRunner,
  objects: readonly DatabaseObject[],
): Promise<string[]> {
  const oids = objects.map(({ oid }) => oid).join(",");
  const rows: { description: string }[] = await sql.unsafe(DEPENDENTS, [oids]);
  return rows.map(({ description }) => description);
}

// The queries for rows of messages in SQLite.
import type { Database } from "bun:sqlite";
import type { Query } from "./store.ts";

export const COLUMNS = "seq, topic, event, data, at";

export interface Row {
  readonly seq: number;
  readonly topic: string;
  readonly event: string;
  readonly data: string;
  readonly at: string;
}

export function findRow(db: Database, column: "seq" | "key", value: number | string) {
  return db
    .query<Row & { key: string | null }, [number | string]>(
      `SELECT ${COLUMNS}, key FROM messages WHERE ${column} = ?`,
    )
    .get(value);
}

/** Whether to read the messages after a cursor, or those before it. */
export type Direction = ">" | "<";

export function selectRows(
  reader: Database,
  { patterns, event, limit }: Query,
  direction: Direction,
  cursor: number,
): Row[] {
  const isEverything = patterns.includes("*");
  const sql = isEverything ? scan(direction) : scanTopics(reader, patterns, direction);
  const parameters = isEverything ? [] : patterns;
  return reader
    .query<Row, (string | number | null)[]>(sql)
    .all(cursor, limit, event ?? null, ...parameters);
}

/**
 * Reads up to ?2 rows after the cursor ?1, or before it, of the event ?3 if that is not NULL. A unary plus hides a
 * parameter from the planner, which would otherwise plan the statement again for each new value.
 */
function scan(direction: Direction, condition = "TRUE"): string {
  return `SELECT ${COLUMNS} FROM messages
    WHERE seq ${direction} ?1 AND (?3 IS NULL OR event = +?3) AND ${condition} ${orderBy(direction)}`;
}

function orderBy(direction: Direction): string {
  return `ORDER BY seq ${direction === ">" ? "ASC" : "DESC"} LIMIT +?2`;
}

/**
 * The patterns are ?4 and further. Topics and rare prefixes are read with the index. All other prefixes are read in one
 * scan in id order, because the index would return all of their rows, which SQLite would have to sort for each page.
 */
function scanTopics(reader: Database, patterns: readonly string[], direction: Direction): string {
  const conditions: string[] = [];
  const prefixes: string[] = [];
  for (const [index, pattern] of patterns.entries()) {
    const parameter = `?${index + 4}`;
    if (!pattern.endsWith("*")) conditions.push(`topic = +${parameter}`);
    else if (isRare(reader, pattern)) conditions.push(isBelow(parameter));
    else prefixes.push(`+topic GLOB +${parameter}`);
  }
  if (prefixes.length > 0) conditions.push(`(${prefixes.join(" OR ")})`);
  const scans = conditions.map((condition) => `SELECT * FROM (${scan(direction, condition)})`);
  return scans.length > 1 ? `${scans.join(" UNION ")} ${orderBy(direction)}` : scans.join();
}

/** Rows of a prefix up to which it is read with the index. */
const RARE = 1000;

function isRare(reader: Database, prefix: string): boolean {
  const sql = `SELECT 1 FROM messages WHERE ${isBelow("?1")} LIMIT 1 OFFSET ${RARE}`;
  return reader.query(sql).get(prefix) === null;
}

/** The topics of the prefix `a/*` as a range, for which SQLite uses the index: 0 is the character after the slash. */
function isBelow(prefix: string): string {
  return `topic > rtrim(${prefix}, '*') AND topic < rtrim(${prefix}, '/*') || '0'`;
}

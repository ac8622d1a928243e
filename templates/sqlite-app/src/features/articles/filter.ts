// Builds the SQL of a list from fixed columns, operators and sort orders. Client input only becomes parameters, never SQL.
import type { Sort } from "./schemas.ts";

export interface ArticleFilter {
  readonly author?: number | undefined;
  /** Words that must all occur. */
  readonly q?: string | undefined;
  readonly sort: Sort;
  /** Sort value and id of the last article of the previous page. */
  readonly after?: Position | undefined;
  readonly limit: number;
}

export type Position = readonly [value: string | number, id: number];

/** The SQL that differs between engines. Every member is a constant. */
export interface Dialect {
  readonly placeholder: (index: number) => string;
  /** Columns of an article. */
  readonly columns: string;
  readonly from: string;
  /** `columns` and `from` of a search; `words` is the placeholder of the search text. */
  readonly search: { readonly columns: string; readonly from: (words: string) => string };
  /** The id, as the indexes contain it. */
  readonly id: string;
  /** Sort expressions by the names that clients use. */
  readonly order: Readonly<Record<SortColumn, string>>;
}

export type SortColumn = "rank" | "createdAt" | "updatedAt" | "title";

export interface Query {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** The column and direction of each sort; `-title` is by title, descending. */
export const orders = {
  rank: { column: "rank", descending: false },
  createdAt: { column: "createdAt", descending: false },
  "-createdAt": { column: "createdAt", descending: true },
  updatedAt: { column: "updatedAt", descending: false },
  "-updatedAt": { column: "updatedAt", descending: true },
  title: { column: "title", descending: false },
  "-title": { column: "title", descending: true },
} as const satisfies Readonly<Record<Sort, { column: SortColumn; descending: boolean }>>;

/** Returns the query of one page of articles (keyset pagination). Without `q`, a later page is as fast as the first. */
export function buildListQuery(filter: ArticleFilter, dialect: Dialect): Query {
  const parameters: (string | number)[] = [];
  const parameter = (value: string | number): string => dialect.placeholder(parameters.push(value));
  const { q, author, after, limit } = filter;
  const { column, descending } = orders[filter.sort];
  const { id } = dialect;
  const order = dialect.order[column];
  const { columns } = q === undefined ? dialect : dialect.search;
  const from = q === undefined ? dialect.from : dialect.search.from(parameter(q));
  const conditions: string[] = [];
  if (author !== undefined) conditions.push(`a.author = ${parameter(author)}`);
  if (after !== undefined) {
    const position = `(${parameter(after[0])}, ${parameter(after[1])})`;
    conditions.push(`(${order}, ${id}) ${descending ? "<" : ">"} ${position}`);
  }
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : "";
  const by = descending ? " DESC" : "";
  const sql = `SELECT ${columns} FROM ${from}${where} ORDER BY ${order}${by}, ${id}${by} LIMIT ${parameter(limit)}`;
  return { sql, parameters };
}

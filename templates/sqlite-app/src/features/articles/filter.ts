// Builds the SQL of a list from fixed columns, operators and sort orders. Client input only becomes parameters, never SQL.

/** The column and direction of each sort; `-title` is by title, descending. */
export const orders = {
  rank: { column: "rank", descending: true },
  createdAt: { column: "createdAt", descending: false },
  "-createdAt": { column: "createdAt", descending: true },
  updatedAt: { column: "updatedAt", descending: false },
  "-updatedAt": { column: "updatedAt", descending: true },
  title: { column: "title", descending: false },
  "-title": { column: "title", descending: true },
} as const;

export type Sort = keyof typeof orders;
type SortColumn = (typeof orders)[Sort]["column"];

export const sorts = Object.keys(orders) as [Sort, ...Sort[]];

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

/** A filter in which `match`, an expression in the query language of the engine, replaces `q`. */
export type EngineFilter = Omit<ArticleFilter, "q"> & { readonly match?: string | undefined };

/** The SQL that differs between engines. Every member is a constant. */
export interface Dialect {
  readonly placeholder: (index: number) => string;
  /** Columns of an article, and the tables to read them from. */
  readonly list: { readonly columns: string; readonly from: string };
  /** The same for a search, with the placeholder of `match`. */
  readonly search: { readonly columns: string; readonly from: (match: string) => string };
  /** The id, as the indexes contain it. */
  readonly id: string;
  /** Sort expressions by the names that clients use. */
  readonly order: Readonly<Record<SortColumn, string>>;
}

/** Returns the query of one page of articles (keyset pagination). Without `q`, a later page is as fast as the first. */
export function buildListQuery(filter: EngineFilter, dialect: Dialect) {
  const parameters: (string | number)[] = [];
  const parameter = (value: string | number): string => dialect.placeholder(parameters.push(value));
  const { match, author, after, limit } = filter;
  const { column, descending } = orders[filter.sort];
  const { id } = dialect;
  const order = dialect.order[column];
  const { columns } = match === undefined ? dialect.list : dialect.search;
  const from = match === undefined ? dialect.list.from : dialect.search.from(parameter(match));
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

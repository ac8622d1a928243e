// PostgreSQL: Bun.SQL, and the same with `pg` beside it. Needs DATABASE_URL.
import { expect } from "bun:test";
import { SQL } from "bun";
import pg from "pg";
import { statement } from "./statement.ts";

const url = process.env.DATABASE_URL ?? "";
const needs = { needs: /^postgres(ql)?:/.test(url) };

/** Calls `use` with a client of each kind, and closes both. */
async function withClients(use: (sql: SQL, pool: pg.Pool) => Promise<void>): Promise<void> {
  const sql = new SQL(url, { max: 2 });
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // Without a listener, a connection that breaks while it is idle ends the process.
  pool.on("error", () => undefined);
  try {
    await use(sql, pool);
  } finally {
    await Promise.all([sql.close(), pool.end()]);
  }
}

/** Declares a statement whose check needs both clients. */
const postgres = (id: string, check: (sql: SQL, pool: pg.Pool) => Promise<void>) =>
  statement(id, () => withClients(check), needs);

postgres("postgres/built-in", async (sql) => {
  expect(sql.options.adapter).toBe("postgres");
  expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }]);
});

postgres("postgres/pool", async (sql, pool) => {
  const pids = async (query: () => Promise<Iterable<{ id: number }>>) => {
    const rows = await Promise.all(Array.from({ length: 6 }, query));
    return new Set(rows.flatMap((rows) => [...rows]).map(({ id }) => id)).size;
  };
  const viaBun = await pids(() => sql`SELECT pg_backend_pid() AS id, pg_sleep(0.02)`);
  const viaPg = await pids(
    async () => (await pool.query("SELECT pg_backend_pid() AS id, pg_sleep(0.02)")).rows,
  );
  expect(viaBun).toBe(2);
  expect(viaPg).toBe(2);
});

postgres("postgres/parameters", async (sql, pool) => {
  const hostile = "'; DROP TABLE users; --";
  expect([...(await sql`SELECT ${hostile} AS text`)]).toEqual([{ text: hostile }]);
  expect((await pool.query("SELECT $1 AS text", [hostile])).rows).toEqual([{ text: hostile }]);
  // The same text runs as a prepared statement the second time.
  const prepared = "SELECT count(*)::int AS n FROM pg_prepared_statements";
  const connection = await sql.reserve();
  for (let i = 0; i < 2; i++) await connection`SELECT ${i}::int AS i`;
  expect((await connection.unsafe(prepared))[0].n).toBeGreaterThan(0);
  connection.release();
});

postgres("postgres/transaction", async (sql, pool) => {
  const rolledBack = sql.begin(async (tx) => {
    await tx`CREATE TABLE bun_notes_rolled_back (a int)`;
    throw new Error("no");
  });
  await expect(rolledBack).rejects.toThrow("no");
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("CREATE TABLE bun_notes_rolled_back (a int)");
    await client.query("ROLLBACK");
  } finally {
    client.release();
  }
  const [row] = await sql`SELECT to_regclass('bun_notes_rolled_back') AS found`;
  expect(row.found).toBeNull();
});

postgres("postgres/lists", async (sql, pool) => {
  const rows = await sql`SELECT n FROM generate_series(1, 5) n WHERE n IN ${sql([1, 3])}`;
  expect([...rows]).toEqual([{ n: 1 }, { n: 3 }]);
  const list = "SELECT n FROM generate_series(1, 5) n WHERE n = ANY($1)";
  expect((await pool.query(list, [[1, 3]])).rows).toEqual([{ n: 1 }, { n: 3 }]);
});

const VALUES =
  "SELECT '{\"a\":1}'::jsonb AS json, DATE '2020-01-02' AS day, 9007199254740993::int8 AS big, 5::int8 AS small, 1.10::numeric AS money";

postgres("postgres/values", async (sql, pool) => {
  const expected = { json: { a: 1 }, big: "9007199254740993", small: "5", money: "1.10" };
  const [viaBun] = await sql.unsafe(VALUES);
  expect(viaBun).toMatchObject(expected);
  expect((await pool.query(VALUES)).rows[0]).toMatchObject(expected);
  // Bun reads a date as midnight UTC, pg as midnight in the zone of the process.
  expect(viaBun.day).toEqual(new Date(Date.UTC(2020, 0, 2)));
  expect((await pool.query(VALUES)).rows[0].day).toEqual(new Date(2020, 0, 2));
});

postgres("postgres/lost-connection", async (sql, pool) => {
  const connection = await sql.reserve();
  const [{ id }] = await connection`SELECT pg_backend_pid() AS id`;
  const sleeping = connection`SELECT pg_sleep(60)`.then(
    String,
    (error: { code: string; errno: string }) => error,
  );
  await sql`SELECT pg_terminate_backend(${id}::int)`;
  expect(await sleeping).toMatchObject({ code: "ERR_POSTGRES_SERVER_ERROR", errno: "57P01" });
  connection.release();
  expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }]);

  const client = await pool.connect();
  client.on("error", () => undefined);
  const { rows } = await client.query("SELECT pg_backend_pid() AS id");
  const query = client
    .query("SELECT pg_sleep(60)")
    .then(String, (error: { code: string }) => error);
  await pool.query("SELECT pg_terminate_backend($1)", [rows[0].id]);
  expect(await query).toMatchObject({ code: "57P01" });
  client.release(true);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

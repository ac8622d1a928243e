// MySQL and MariaDB: Bun.SQL, and the same with `mysql2` beside it. Needs MYSQL_URL.
import { expect } from "bun:test";
import { SQL } from "bun";
import mysql from "mysql2/promise";
import { statement } from "./statement.ts";

const url = process.env.MYSQL_URL ?? "";
const needs = { needs: /^(mysql|mariadb):/.test(url) };

/** Calls `use` with a client of each kind on a separate database, and removes it afterwards. */
async function withClients(use: (sql: SQL, pool: mysql.Pool) => Promise<void>): Promise<void> {
  const name = `bun_notes_${crypto.randomUUID().replaceAll("-", "")}`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  await using admin = new SQL(url, { max: 1 });
  await admin.unsafe(`CREATE DATABASE ${name}`);
  const sql = new SQL(own.href, { max: 2 });
  const pool = mysql.createPool({
    uri: own.href.replace(/^mariadb:/, "mysql:"),
    connectionLimit: 2,
  });
  try {
    await use(sql, pool);
  } finally {
    await Promise.all([sql.close(), pool.end()]);
    await admin.unsafe(`DROP DATABASE ${name}`);
  }
}

/** Declares a statement whose check needs both clients. */
const mariadb = (id: string, check: (sql: SQL, pool: mysql.Pool) => Promise<void>) =>
  statement(id, () => withClients(check), needs);

mariadb("mysql/built-in", async (sql) => {
  expect(sql.options.adapter).toMatch(/^(mysql|mariadb)$/);
  expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }]);
});

mariadb("mysql/parameters", async (sql, pool) => {
  const hostile = "'; DROP TABLE users; --";
  expect([...(await sql`SELECT ${hostile} AS text`)]).toEqual([{ text: hostile }]);
  const [rows] = await pool.execute("SELECT ? AS text", [hostile]);
  expect(rows).toEqual([{ text: hostile }] as typeof rows);
});

mariadb("mysql/transaction", async (sql, pool) => {
  await sql`CREATE TABLE items (id INT) ENGINE = InnoDB`;
  const rolledBack = sql.begin(async (tx) => {
    await tx`INSERT INTO items VALUES (1)`;
    throw new Error("no");
  });
  await expect(rolledBack).rejects.toThrow("no");
  const connection = await pool.getConnection();
  await connection.beginTransaction();
  await connection.query("INSERT INTO items VALUES (2)");
  await connection.rollback();
  connection.release();
  expect([...(await sql`SELECT id FROM items`)]).toEqual([]);
});

mariadb("mysql/lists", async (sql, pool) => {
  await sql`CREATE TABLE items (id INT)`;
  await sql`INSERT INTO items ${sql([{ id: 1 }, { id: 2 }, { id: 3 }])}`;
  const rows = await sql`SELECT id FROM items WHERE id IN ${sql([1, 3])} ORDER BY id`;
  expect([...rows]).toEqual([{ id: 1 }, { id: 3 }]);
  // `query` puts the list into the text; `execute` sends one parameter, which matches nothing here.
  const list = "SELECT id FROM items WHERE id IN (?)";
  const [viaQuery] = await pool.query(list, [[1, 3]]);
  expect(viaQuery).toHaveLength(2);
  const [viaExecute] = await pool.execute(list, [[1, 3] as unknown as string]);
  expect(viaExecute).toEqual([]);
});

const VALUES =
  "SELECT JSON_OBJECT('a', 1) AS json, DATE '2020-01-02' AS day, 9007199254740993 AS big, CAST(1.10 AS DECIMAL(5, 2)) AS money, TRUE AS yes";

mariadb("mysql/values", async (sql, pool) => {
  const [viaBun] = await sql.unsafe(VALUES);
  expect(viaBun).toMatchObject({ json: { a: 1 }, big: "9007199254740993", money: "1.10", yes: 1 });
  expect(viaBun.day).toEqual(new Date(Date.UTC(2020, 0, 2)));
  const [rows] = await pool.query<mysql.RowDataPacket[]>(VALUES);
  // mysql2 rounds a number above 2^53, unless `supportBigNumbers` is set.
  expect(rows[0]).toMatchObject({ json: { a: 1 }, big: 9007199254740992, money: "1.10", yes: 1 });
});

mariadb("mysql/lost-connection", async (sql, pool) => {
  const connection = await sql.reserve();
  const [{ id }] = await connection`SELECT CONNECTION_ID() AS id`;
  const sleeping = connection`SELECT SLEEP(60)`.then(String, (error: { code: string }) => error);
  await sql.unsafe(`KILL ${id}`);
  expect(await sleeping).toMatchObject({ code: "ERR_MYSQL_CONNECTION_CLOSED" });
  connection.release();
  expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }]);

  const client = await pool.getConnection();
  const query = client.query("SELECT SLEEP(60)").then(String, (error: { code: string }) => error);
  await pool.query(`KILL ${client.threadId}`);
  expect(await query).toMatchObject({ code: "PROTOCOL_CONNECTION_LOST" });
  client.destroy();
  const [rows] = await pool.query<mysql.RowDataPacket[]>("SELECT 1 AS one");
  expect(rows).toEqual([{ one: 1 }] as typeof rows);
});

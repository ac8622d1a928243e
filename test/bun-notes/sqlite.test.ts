// SQLite: statements, transactions, search, migrations, pools, composed queries.
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { join } from "node:path";
import { run, runProgram, withFolder } from "./program.ts";
import { statement } from "./statement.ts";

function openUsers() {
  const db = new Database(":memory:", { strict: true });
  db.run(`
    CREATE TABLE users (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      email TEXT UNIQUE NOT NULL,
      created_at INTEGER DEFAULT (strftime('%s', 'now'))
    )`);
  return db;
}

statement("sqlite/create", () =>
  withFolder({}, async (folder) => {
    const path = join(folder, "my.sqlite");
    expect(() => new Database(path, { readwrite: true, create: false })).toThrow();
    using db = new Database(path, { create: true });
    db.run("CREATE TABLE a (b)");
    expect(await Bun.file(path).exists()).toBe(true);
  }),
);

statement("sqlite/insert", () => {
  using db = openUsers();
  const insert = db.prepare("INSERT INTO users (name, email) VALUES (?, ?)");
  expect(insert.run("Ada", "ada@example.com")).toEqual({ changes: 1, lastInsertRowid: 1 });
  const row = db.query("SELECT typeof(created_at) AS type FROM users").get();
  expect(row).toEqual({ type: "integer" });
});

statement("sqlite/transaction", () => {
  using db = openUsers();
  const insert = db.prepare("INSERT INTO users (name, email) VALUES (?, ?)");
  const insertAll = db.transaction((users: readonly (readonly [string, string])[]) => {
    for (const user of users) insert.run(...user);
  });
  const duplicate: readonly (readonly [string, string])[] = [
    ["Ada", "a@example.com"],
    ["Bob", "a@example.com"],
  ];
  expect(() => insertAll(duplicate)).toThrow("UNIQUE");
  expect(db.query("SELECT count(*) AS n FROM users").get()).toEqual({ n: 0 });
});

statement("sqlite/async-transaction", async () => {
  using db = openUsers();
  const insert = db.prepare("INSERT INTO users (name, email) VALUES (?, ?)");
  const insertLater = db.transaction(async () => {
    insert.run("Ada", "a@example.com");
    await Bun.sleep(1);
    throw new Error("after the await");
  });
  await expect(insertLater()).rejects.toThrow("after the await");
  expect(db.query("SELECT count(*) AS n FROM users").get()).toEqual({ n: 1 });
});

statement("sqlite/get-and-all", () => {
  using db = openUsers();
  for (const name of ["a", "b"])
    db.run("INSERT INTO users (name, email) VALUES (?, ?)", [name, name]);
  expect(db.prepare("SELECT name FROM users WHERE id = ?").get(1)).toEqual({ name: "a" });
  expect(db.prepare("SELECT name FROM users WHERE id = ?").get(9)).toBeNull();
  expect(db.prepare("SELECT name FROM users").all()).toEqual([{ name: "a" }, { name: "b" }]);
});

statement("sqlite/iterate", () => {
  using db = new Database(":memory:");
  const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  const first: unknown[] = [];
  // The statement never ends, so its rows are read one by one.
  for (const row of db.prepare(numbers).iterate()) if (first.push(row) === 3) break;
  expect(first).toEqual([{ i: 1 }, { i: 2 }, { i: 3 }]);
});

statement("sqlite/close", () => {
  const db = new Database(":memory:");
  const query = db.prepare("SELECT 1 AS one");
  db.close();
  expect(() => db.prepare("SELECT 1")).toThrow("Cannot use a closed database");
  // A statement that was prepared before keeps the database open.
  expect(query.get()).toEqual({ one: 1 });
});

statement("sqlite/named-parameters", () => {
  using loose = new Database(":memory:");
  expect(loose.prepare("SELECT $name AS name, $age AS age").get({ $name: "Charlie" })).toEqual({
    name: "Charlie",
    age: null,
  });
  using strict = new Database(":memory:", { strict: true });
  expect(strict.prepare("SELECT $name AS name").get({ name: "Charlie" })).toEqual({
    name: "Charlie",
  });
  expect(() =>
    strict.prepare("SELECT $name AS name, $age AS age").get({ name: "Charlie" }),
  ).toThrow('Missing parameter "age"');
});

statement("sqlite/json-join", () => {
  using db = new Database(":memory:");
  db.run("CREATE TABLE users (id INTEGER PRIMARY KEY)");
  db.run("CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT)");
  db.run("INSERT INTO users VALUES (1)");
  const posts = (filter: string) =>
    db
      .query<{ posts: string }, []>(
        `SELECT json_group_array(json_object('id', posts.id, 'title', posts.title)) ${filter} AS posts
         FROM users LEFT JOIN posts ON posts.user_id = users.id GROUP BY users.id`,
      )
      .get()?.posts;
  expect(posts("")).toBe('[{"id":null,"title":null}]');
  expect(posts("FILTER (WHERE posts.id IS NOT NULL)")).toBe("[]");
});

statement("sqlite/full-text-search", () => {
  using db = new Database(":memory:");
  db.run("CREATE VIRTUAL TABLE articles USING fts5(title, content)");
  db.run("INSERT INTO articles VALUES ('Bun Guide', 'This is a comprehensive guide to node.js')");
  const search = db.query<{ title: string }, [string]>(
    "SELECT title FROM articles WHERE articles MATCH ? ORDER BY rank",
  );
  expect(search.all("guide")).toEqual([{ title: "Bun Guide" }]);
  // FTS5 parses the user's input as a query, so some input is a syntax error.
  for (const typed of ["node.js", '"', "a AND", "DS-7604"])
    expect(() => search.all(typed)).toThrow();
  const quote = (words: string) =>
    words
      .split(/\s+/)
      .map((word) => `"${word.replaceAll('"', '""')}"`)
      .join(" ");
  expect(search.all(quote("node.js"))).toEqual([{ title: "Bun Guide" }]);
});

/** The migration of the document: the change, and then its row. This program dies between the two. */
const MIGRATE = `
import { Database } from "bun:sqlite";
using db = new Database("app.db");
db.run("CREATE TABLE IF NOT EXISTS migrations (name TEXT UNIQUE NOT NULL)");
const applied = db.query("SELECT 1 FROM migrations WHERE name = 'users'").get();
if (!applied) {
  db.run("CREATE TABLE users (id INTEGER PRIMARY KEY)");
  if (process.argv[2] === "crash") process.kill(process.pid, "SIGKILL");
  db.run("INSERT INTO migrations VALUES ('users')");
}`;

statement("sqlite/migrations", () =>
  withFolder({ "main.ts": MIGRATE }, async (folder) => {
    await run(folder, [process.execPath, "main.ts", "crash"]);
    const { code, stderr } = await run(folder, [process.execPath, "main.ts"]);
    expect(code).toBe(1);
    expect(stderr).toContain("table users already exists");
  }),
);

statement("sqlite/pool", async () => {
  const available = [{ name: "only" }];
  const execute = async <T>(callback: (connection: { name: string }) => T) => {
    while (available.length === 0) await Bun.sleep(1);
    const connection = available.pop() ?? { name: "none" };
    try {
      return callback(connection);
    } finally {
      available.push(connection);
    }
  };
  const inUse = { now: 0, most: 0 };
  const work = async () => {
    inUse.now++;
    inUse.most = Math.max(inUse.most, inUse.now);
    await Bun.sleep(5);
    inUse.now--;
  };
  // The callback's promise is not awaited before the connection returns to the pool.
  await Promise.all([execute(work), execute(work)]);
  expect(inUse.most).toBe(2);
});

statement("sqlite/pool-busy", () =>
  withFolder({}, async (folder) => {
    const path = join(folder, "a.db");
    using first = new Database(path, { create: true });
    using second = new Database(path);
    first.run("CREATE TABLE a (b)");
    first.run("BEGIN IMMEDIATE");
    // Five connections of one process wait for one writer, and the default wait is none.
    expect(() => second.run("INSERT INTO a VALUES (1)")).toThrow("database is locked");
  }),
);

/** The query builder of the document, in short. */
class QueryBuilder {
  readonly #conditions: string[] = [];
  readonly #params: (string | number)[] = [];
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }
  where(condition: string, ...params: (string | number)[]) {
    this.#conditions.push(condition);
    this.#params.push(...params);
    return this;
  }
  all() {
    const where = this.#conditions.length > 0 ? `WHERE ${this.#conditions.join(" AND ")}` : "";
    return this.#db.prepare(`SELECT name FROM users ${where}`).all(...this.#params);
  }
}

statement("sqlite/query-builder", () => {
  using db = openUsers();
  for (const name of ["ada", "bob"])
    db.run("INSERT INTO users (name, email) VALUES (?, ?)", [name, name]);
  const builder = new QueryBuilder(db);
  expect(builder.where("name = ?", "ada").all()).toEqual([{ name: "ada" }]);
  // The conditions of the first query are still there.
  expect(builder.where("name = ?", "bob").all()).toEqual([]);
  // A condition is SQL: what a user typed must never reach it.
  expect(new QueryBuilder(db).where("name = 'x' OR 1 = 1").all()).toHaveLength(2);
});

statement("sqlite/prepared", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      import { Database } from "bun:sqlite";
      using db = new Database(":memory:");
      db.run("CREATE TABLE users (name TEXT)");
      const name = "x'); DROP TABLE users; --";
      db.run("INSERT INTO users (name) VALUES (?)", [name]);
      console.log(db.query("SELECT count(*) AS n FROM users").get().n);
      db.run("INSERT INTO users (name) VALUES ('" + name + "')");
      console.log(db.query("SELECT count(*) AS n FROM sqlite_master").get().n);`,
  });
  expect(stdout).toBe("1\n0");
});

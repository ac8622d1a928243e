// The commands of the README that move the rows of a SQLite file to PostgreSQL.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { SQL } from "bun";
import { onPostgres, withPrograms } from "./postgres.ts";
import { BARE, PROCESS_TIMEOUT, Project } from "./project.ts";

const readme = await Bun.file(join(import.meta.dir, "..", "README.md")).text();
const [, commands] = /^\*\*Moving to PostgreSQL[\s\S]*?```\n([\s\S]*?)```/m.exec(readme) ?? [];
/** The test does not apply once the README has no such commands. */
const testMove = commands && Bun.which("sqlite3") ? withPrograms : test.skip;

onPostgres((newDatabase) => {
  testMove(
    "every row can be moved to PostgreSQL, whatever its texts contain",
    async () => {
      using source = new Project("own");
      await source.dbOk("up");
      const url = await newDatabase();
      using target = new Project("own", url);
      await target.dbOk("up");
      const texts = [
        "one\n\\.\ntwo",
        "\\.",
        "\\N",
        "a \"b\", 'c'\t\\n\r\n",
        "{日本😀}",
        "\u0085\u2028",
      ];
      using database = source.open();
      const at = "2026-01-02T03:04:05.678Z";
      for (const [index, text] of texts.entries()) {
        const user = [`${index}@example.com`, text, "hash", at];
        database.run(
          "INSERT INTO users (email, name, password_hash, created_at) VALUES (?, ?, ?, ?)",
          user,
        );
        database.run(
          "INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at) VALUES (?, ?, ?, '', '', ?, ?)",
          [index + 1, text, text, at, at],
        );
      }
      const env = { ...BARE, DATABASE_URL: url };
      const script = Bun.spawn(["sh", "-euc", commands ?? ""], {
        env,
        cwd: source.path,
        stderr: "pipe",
      });
      expect([await script.exited, await script.stderr.text()]).toEqual([0, ""]);
      await using sql = new SQL(url, { max: 1 });
      const rows = await sql`SELECT a.id, u.name, a.title, a.body, a.updated_at AS at
        FROM articles AS a JOIN users AS u ON u.id = a.author ORDER BY a.id`;
      expect([...rows]).toEqual(
        texts.map((text, index) => {
          return { id: index + 1, name: text, title: text, body: text, at: new Date(at) };
        }),
      );
      const [next] = await sql`INSERT INTO users (email, name, password_hash, created_at)
        VALUES ('next@example.com', 'n', 'h', now()) RETURNING id`;
      expect(next.id).toBe(texts.length + 1);
    },
    PROCESS_TIMEOUT,
  );
});

// The starter as in production, its empty database, articles to fill it with, and a user to do that.
import { Database } from "bun:sqlite";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../command.ts";
import type { StartOptions } from "../../service.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/sqlite-app");
const WORDS =
  "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey yankee zulu".split(
    " ",
  );
const MONTH = 30 * 24 * 60 * 60 * 1000;

export const STARTER = ["bun", "src/main.ts"] as const;

export function optionsFor(data: string, env: Readonly<Record<string, string>> = {}): StartOptions {
  return { cwd: TEMPLATE, env: { DATA_DIR: data, LOG_LEVEL: "warn", ...env } };
}

/** Lets the starter's migrations make a database in the folder, with one user. @returns its file. */
export async function migrate(data: string): Promise<string> {
  await mkdir(data, { recursive: true });
  await runCommand(["bun", "src/db.ts", "up"], { cwd: TEMPLATE, env: { DATA_DIR: data } });
  const file = join(data, "app.db");
  using database = new Database(file);
  database.run(
    "INSERT INTO users (email, name, password_hash, created_at) VALUES ('bench@example.com', 'Bench', '', '')",
  );
  return file;
}

/** Signs the user in without a password: writes the hash of a token. @returns the token. */
export function signIn(file: string): string {
  const token = Buffer.alloc(32, 1).toString("base64url");
  const hash = new Bun.CryptoHasher("sha256").update(token).digest();
  using database = new Database(file);
  database.run("PRAGMA busy_timeout = 10000");
  const expires = new Date(Date.now() + MONTH).toISOString();
  database.run("INSERT OR REPLACE INTO sessions VALUES (?, 1, ?)", [hash, expires]);
  return token;
}

/** Articles that are always the same, about 350 bytes each, with 10 000 different words. */
export function* articles(count: number): Generator<{ title: string; body: string }> {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed % below;
  };
  const text = (words: number) =>
    Array.from({ length: words }, () => `${WORDS[random(25)]}${random(400)}`).join(" ");
  for (let i = 0; i < count; i += 1) yield { title: `Article ${i} ${text(3)}`, body: text(32) };
}

/** Writes them as lines of JSON. */
export async function writeLines(file: string, count: number): Promise<void> {
  const writer = Bun.file(file).writer();
  for (const article of articles(count)) writer.write(`${JSON.stringify(article)}\n`);
  await writer.end();
}

/** Fills a database of the starter with `count` articles, one minute apart, without running the starter. */
export async function fill(data: string, count: number): Promise<void> {
  using database = new Database(await migrate(data), { strict: true });
  database.run("CREATE TEMP TABLE article (id INTEGER PRIMARY KEY, title TEXT, body TEXT)");
  const stage = database.prepare("INSERT INTO article (title, body) VALUES ($title, $body)");
  database.transaction(() => {
    for (const article of articles(count)) stage.run(article);
  })();
  database.run(
    // The texts are lower-case words already, as the search index has them.
    `INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
     SELECT 1, title, body, title, body, at, at
     FROM (SELECT *, strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + id * 60, 'unixepoch') AS at FROM article)`,
  );
}

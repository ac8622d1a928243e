// Reads the migration files of one engine: their text, marks and checksums. Checks their names and statements.
import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DB_COMMAND, type Finding, MigrateError, reasonOf } from "./errors.ts";
import { type Engine, forbidden, hasOpenComment, outsideTransaction } from "./sql.ts";

export interface Script {
  /** File name. */
  readonly file: string;
  /** The text with LF line ends and without a byte order mark. It is what is hashed and executed. */
  readonly sql: string;
  readonly marks: ReadonlySet<string>;
}

export interface Migration {
  readonly version: number;
  /** File name without its extension, e.g. `0001_users`. */
  readonly name: string;
  /** SHA-256 of the up file, in hexadecimal digits. */
  readonly checksum: string;
  readonly up: Script;
  /** Undefined if the migration cannot be reverted. */
  readonly down: Script | undefined;
}

export interface Folder {
  readonly migrations: readonly Migration[];
  readonly findings: readonly Finding[];
}

/**
 * `no-transaction`: runs outside a transaction. `compatible`: older releases work on the new schema.
 * A mark is a comment before the first statement: `-- migrate: compatible`.
 */
const MARKS = ["no-transaction", "compatible"] as const;

const FILE_NAME = /^(\d{4,})_[a-z0-9]+(?:_[a-z0-9]+)*\.(up|down)\.sql$/;

/** @throws {MigrateError} if the folder cannot be read. */
export async function readFolder(directory: string, engine: Engine): Promise<Folder> {
  const names = await readdir(directory).catch((cause) => {
    throw new MigrateError("failed", `Can't read the migrations in ${directory}.`, {
      cause,
      hint: "Does the folder exist, and may this user read it? MIGRATIONS_DIR names the folder above it.",
    });
  });
  // `renumber` leaves names that end in .sql.renumber if it is killed. They count, so that they are reported.
  const sqlFiles = names.filter((name) => /\.sql(?:\.renumber)?$/i.test(name)).sort();
  const unreadable: Finding[] = [];
  const read = async (file: string): Promise<Script> => {
    try {
      const path = join(directory, file);
      // Reading a pipe would wait forever.
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
        throw new Error("it is not a regular file, or a link to one");
      }
      return readScript(file, await readFile(path));
    } catch (error) {
      unreadable.push({ code: "text", subject: file, message: `${file}: ${reasonOf(error)}.` });
      return { file, sql: "", marks: new Set() };
    }
  };
  const ups = sqlFiles.filter((name) => FILE_NAME.test(name) && name.endsWith(".up.sql"));
  const migrations = await Promise.all(
    ups.map(async (file): Promise<Migration> => {
      const name = file.slice(0, -".up.sql".length);
      const down = `${name}.down.sql`;
      const up = await read(file);
      return {
        version: Number.parseInt(name, 10),
        name,
        checksum: checksum(up.sql),
        up,
        down: sqlFiles.includes(down) ? await read(down) : undefined,
      };
    }),
  );
  migrations.sort((a, b) => a.version - b.version);
  const findings = [
    ...badNames(sqlFiles),
    ...unreadable,
    ...sequence(migrations),
    ...migrations.flatMap(({ up, down }) =>
      [up, ...(down ? [down] : [])].flatMap((script) => badStatements(script, engine)),
    ),
  ];
  return { migrations, findings };
}

function checksum(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

function badNames(names: readonly string[]): Finding[] {
  return names.flatMap((name): Finding[] => {
    if (!FILE_NAME.test(name)) {
      const message = `${name}: the name must look like 0001_name.up.sql or 0001_name.down.sql.`;
      return [{ code: "bad-name", subject: name, message }];
    }
    const up = name.replace(/\.down\.sql$/, ".up.sql");
    if (names.includes(up)) return [];
    return [{ code: "no-up", subject: name, message: `${name}: there is no ${up}.` }];
  });
}

/** Versions must be consecutive. A duplicate or a gap is usually the result of a merge. */
function sequence(migrations: readonly Migration[]): Finding[] {
  return migrations.flatMap(({ version, name }, index): Finding[] => {
    const before = migrations[index - 1];
    if (before?.version === version) {
      const message = `${name}: ${before.name} has the same number. \`${DB_COMMAND} renumber\` gives the next number to the one that is not applied.`;
      return [{ code: "duplicate", subject: name, message }];
    }
    const expected = (before?.version ?? 0) + 1;
    if (version === expected) return [];
    const message = `${name}: number ${formatVersion(expected)} is missing before it.`;
    return [{ code: "gap", subject: name, message }];
  });
}

function badStatements(script: Script, engine: Engine): Finding[] {
  const { file, sql } = script;
  const outside = isTransactional(script) ? outsideTransaction(sql, engine) : [];
  const problems = [
    ...(hasOpenComment(sql, engine) ? ["a comment has no end: add */."] : []),
    ...forbidden(sql, engine).map(
      (statement) =>
        `${statement} is not allowed in a migration: the tool begins the transaction, if there is one, and ends it.`,
    ),
    ...outside.map(
      (statement) =>
        `${statement} does not work in a transaction. Move it to a migration of its own that starts with the comment \`-- migrate: no-transaction\`.`,
    ),
  ];
  return problems.map((problem) => ({
    code: "statement",
    subject: file,
    message: `${file}: ${problem}`,
  }));
}

/** A version in the format of file names. */
export function formatVersion(version: number): string {
  return String(version).padStart(4, "0");
}

export function isTransactional({ marks }: Script): boolean {
  return !marks.has("no-transaction");
}

/** NUL, CR without LF, and a Unicode line end with text after it in a line that has a comment. */
const INVALID = /[\0\r]|(?<=--[^\n]*)[\x85\u2028\u2029](?=[^\S\n]*[^\s-])/;

/**
 * Decodes a file. A checkout with CRLF line ends on Windows does not count as changed.
 * @throws {Error} if it is not UTF-8, or contains a character that an engine would misread.
 */
function readScript(file: string, bytes: Uint8Array): Script {
  const sql = decode(bytes).replaceAll("\r\n", "\n");
  const invalid = INVALID.exec(sql);
  if (invalid) {
    const known: Record<string, string> = { "\0": "a NUL", "\r": "a CR without LF" };
    const what = known[invalid[0]] ?? "a Unicode line end, which does not end a comment";
    throw new Error(`line ${lineAt(sql, invalid.index)} contains ${what}`);
  }
  return { file, sql, marks: readMarks(sql) };
}

/** @throws {Error} if a mark is unknown, or stands after the first statement, where it would be ignored. */
function readMarks(sql: string): Set<string> {
  const head = /^(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(sql)?.[0] ?? "";
  const marks = new Set<string>();
  for (const { 1: mark = "", index } of sql.matchAll(/^[^\S\n]*--\s*migrate:\s*(.*?)\s*$/gm)) {
    const isKnown = MARKS.some((known) => known === mark);
    const isInHead = index < head.length;
    if (isInHead && !isKnown) {
      throw new Error(`"migrate: ${mark}" is not a mark; there are ${MARKS.join(" and ")}`);
    }
    if (!isInHead && isKnown) {
      throw new Error(`line ${lineAt(sql, index)}: a mark must stand before the first statement`);
    }
    if (isKnown) marks.add(mark);
  }
  return marks;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error("is not valid UTF-8", { cause });
  }
}

/** Creates the error of the statement from `start` to `end`. `at` is the offset of the error in the file. */
export function scriptError(
  { file, sql }: Script,
  cause: unknown,
  { start, end, at }: { start: number; end: number; at: number },
): MigrateError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const statement = sql.slice(start, end).trim().replaceAll(/\s+/g, " ");
  const excerpt = statement.length > 200 ? `${statement.slice(0, 200)}…` : statement;
  return new MigrateError("failed", `${file}:${lineAt(sql, at)}: ${message}\n  ${excerpt}`, {
    cause,
  });
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

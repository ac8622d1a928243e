// A migration file: its text, the marks in its first lines, and errors that name its line and statement.
import { MigrateError } from "./errors.ts";

export interface Script {
  /** File name. */
  readonly file: string;
  /** The text with LF line ends and without a byte order mark. It is what is hashed and executed. */
  readonly sql: string;
  readonly marks: ReadonlySet<string>;
}

/**
 * `no-transaction`: runs outside a transaction. `compatible`: older releases work on the new schema.
 * A mark is a comment before the first statement: `-- migrate: compatible`.
 */
const MARKS = ["no-transaction", "compatible"] as const;

export function isTransactional({ marks }: Script): boolean {
  return !marks.has("no-transaction");
}

/**
 * Decodes a file. A checkout with CRLF line ends on Windows does not count as changed.
 * @throws {Error} if it is not UTF-8, or contains a character that an engine would misread.
 */
export function readScript(file: string, bytes: Uint8Array): Script {
  const sql = decode(bytes).replaceAll("\r\n", "\n");
  const invalid = /[\0\r]/.exec(sql);
  if (invalid) {
    const what = invalid[0] === "\0" ? "a NUL" : "a CR without LF";
    throw new Error(`line ${lineAt(sql, invalid.index)} contains ${what}`);
  }
  const [head = ""] = /^(?:\s*--[^\n]*\n?)*/.exec(sql) ?? [];
  const marks = [...head.matchAll(/^\s*--\s*migrate:\s*(.*?)\s*$/gm)].map(([, mark = ""]) => mark);
  const unknown = marks.find((mark) => !MARKS.some((known) => known === mark));
  if (unknown !== undefined) {
    throw new Error(`"migrate: ${unknown}" is not a mark; there are ${MARKS.join(" and ")}`);
  }
  return { file, sql, marks: new Set(marks) };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error("is not valid UTF-8", { cause });
  }
}

/** Creates the error of the statement from `start` to `end`. `at` is the offset of the error, if it is known. */
export function scriptError(
  { file, sql }: Script,
  cause: unknown,
  { start, end, at = start }: { start: number; end: number; at?: number | undefined },
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

// Splits SQL into statements with the syntax of each engine, to check migrations and to locate errors.

export const ENGINES = [
  "sqlite",
  // #region postgres
  "postgres",
  // #endregion
] as const;
export type Engine = (typeof ENGINES)[number];

export interface Statement {
  /** The words in upper case, with strings and quoted names, without comments. */
  readonly words: readonly string[];
  /** Offsets of its first token, and of the end of its last one. */
  readonly start: number;
  readonly end: number;
}

/**
 * Matches one token: white space, a comment, a string, a quoted name, a word, or any other character. A doubled quote
 * counts as the end of one string and the start of another. No group has a `*` or `+` after it: in a long string, a repeated
 * group reaches a limit of the engine, which then reports no match.
 */
const TOKEN = {
  sqlite:
    /\s+|--[^\n]*|\/\*(?:[\s\S]*?\*\/)?|'[^']*'?|"[^"]*"?|`[^`]*`?|\[[^\]]*\]?|[\P{ASCII}A-Za-z_][\P{ASCII}\w$]*|[\s\S]/uy,
  // #region postgres
  // `/*` starts a comment that nests, and `E'` a string with escapes: `endOfComment` and `endOfString` find their ends.
  postgres:
    /\s+|--[^\n]*|\/\*|[eE]'|'[^']*'?|"[^"]*"?|\$([\P{ASCII}A-Za-z_][\P{ASCII}\w]*)?\$[\s\S]*?(?:\$\1\$|$)|[\P{ASCII}A-Za-z_][\P{ASCII}\w$]*|\d[\w.]*|[\s\S]/uy,
  // #endregion
} satisfies Record<Engine, RegExp>;

/** The last three words where the body of a trigger, or of a function in standard SQL, starts. */
const BODY_START = {
  sqlite: /^CREATE (?:TEMP(?:ORARY)? )?TRIGGER$/,
  // #region postgres
  postgres: / BEGIN ATOMIC$/,
  // #endregion
} satisfies Record<Engine, RegExp>;
/** `END` closes a body only after `;` or `ATOMIC`. Elsewhere, it closes a `CASE` or is a column, as in `new.end`. */
const BODY_END = /(?:;| ATOMIC) END$/;
/** The words with which a match of the two patterns can end. Tests after every other word would slow down a large file. */
const BODY_WORDS = new Set(["TRIGGER", "ATOMIC", "END"]);

/** Returns the statements of a file. A `;` in parentheses or in the body of a trigger or function does not end one. */
export function statements(sql: string, engine: Engine): Statement[] {
  const found: Statement[] = [];
  let words: string[] = [];
  let start = 0;
  let end = 0;
  let parentheses = 0;
  let isInBody = false;
  const close = () => {
    if (words.length > 0) found.push({ words, start, end });
    words = [];
    parentheses = 0;
    isInBody = false;
  };
  for (const { text, offset } of tokens(sql, engine)) {
    const word = text.toUpperCase();
    if (word === ";" && parentheses <= 0 && !isInBody) {
      close();
      continue;
    }
    if (words.length === 0) start = offset;
    end = offset + text.length;
    if (word === "(") parentheses += 1;
    else if (word === ")") parentheses -= 1;
    words.push(word);
    if (!BODY_WORDS.has(word)) continue;
    const last = words.slice(-3).join(" ");
    if (BODY_START[engine].test(last)) isInBody = true;
    else if (BODY_END.test(last)) isInBody = false;
  }
  close();
  return found;
}

/** Yields the tokens that are neither white space nor a comment. A `/*` without an end is a token. */
function* tokens(sql: string, engine: Engine) {
  const pattern = new RegExp(TOKEN[engine]);
  for (let offset = 0; offset < sql.length; offset = pattern.lastIndex) {
    pattern.lastIndex = offset;
    const text = pattern.exec(sql)?.[0] ?? "";
    // #region postgres
    const endOfNested = text === "/*" ? endOfComment(sql, offset) : undefined;
    if (endOfNested !== undefined) {
      pattern.lastIndex = endOfNested;
      continue;
    }
    if (/^e'$/i.test(text)) {
      pattern.lastIndex = endOfString(sql, pattern.lastIndex);
      yield { text: sql.slice(offset, pattern.lastIndex), offset };
      continue;
    }
    // #endregion
    if (text === "/*" || !/^(?:\s|--|\/\*)/.test(text)) yield { text, offset };
  }
}

// #region postgres
/** Comments of PostgreSQL nest. Returns undefined for a comment without an end. */
function endOfComment(sql: string, start: number): number | undefined {
  let depth = 0;
  for (const { 0: mark, index } of sql.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += mark === "/*" ? 1 : -1;
    if (depth === 0) return start + index + mark.length;
  }
  return undefined;
}

/** A string with escapes can continue on a later line, after comments, and keeps its escapes there. */
function endOfString(sql: string, start: number): number {
  const marks = /\\[\s\S]|''|'[^\S\n]*(?:--[^\n]*)?\n(?:\s|--[^\n]*\n)*'|'/g;
  for (const { 0: mark, index } of sql.slice(start).matchAll(marks)) {
    if (mark === "'") return start + index + 1;
  }
  return sql.length;
}
// #endregion

/** Statements that would end the transaction in which a migration runs together with its ledger row. */
const TRANSACTION = /^(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)$/;
/** Settings that SQLite silently ignores inside a transaction. */
const IGNORED_PRAGMA = /^(?:FOREIGN_KEYS|JOURNAL_MODE|SYNCHRONOUS)$/;

/** Returns whether a comment has no end. The statements after it would not run. */
export function hasOpenComment(sql: string, engine: Engine): boolean {
  return tokens(sql, engine).some(({ text }) => text === "/*");
}

/** The statements that a migration must not contain, e.g. `COMMIT`. */
export function forbidden(sql: string, engine: Engine): string[] {
  return statements(sql, engine).flatMap(({ words: [first = "", ...rest] }) => {
    if (TRANSACTION.test(first)) return [first];
    return first === "PREPARE" && rest[0] === "TRANSACTION" ? ["PREPARE TRANSACTION"] : [];
  });
}

/** The statements that fail or have no effect inside a transaction. */
export function outsideTransaction(sql: string, engine: Engine): string[] {
  return statements(sql, engine).flatMap(({ words: [first = "", ...rest] }) => {
    if (first === "VACUUM") return [first];
    // #region postgres
    if (engine === "postgres") {
      const isConcurrent = /^(?:CREATE|DROP|REINDEX)$/.test(first) && rest.includes("CONCURRENTLY");
      return isConcurrent ? [`${first} … CONCURRENTLY`] : [];
    }
    // #endregion
    if (first !== "PRAGMA") return [];
    // In `PRAGMA main.journal_mode`, the three words are `main`, `.` and the setting.
    const ignored = rest.slice(0, 3).filter((word) => IGNORED_PRAGMA.test(word));
    return ignored.map((word) => `PRAGMA ${word.toLowerCase()}`);
  });
}

// Reads just enough SQL to know how each statement begins, without splitting what is handed to the database.

export const ENGINES = ["sqlite", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** What can hold a `;` or a keyword without meaning it: comments, strings, quoted names. Then words and `;`. */
const TOKEN = {
  sqlite:
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?|\[[^\]]*\]?|[\p{L}_][\p{L}\w$]*|;/gu,
  postgres:
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$([\p{L}_]\w*)?\$[\s\S]*?(?:\$\1\$|$)|[\p{L}_][\p{L}\w$]*|;/gu,
} satisfies Record<Engine, RegExp>;

/** A statement as its words in capitals, without strings, quoted names and comments. */
type Words = readonly string[];

/** The statements of a file. The body of a trigger or function (`BEGIN … END`) belongs to its statement. */
export function statements(sql: string, engine: Engine): Words[] {
  const found: Words[] = [];
  let words: string[] = [];
  let body: "none" | "open" | "closing" = "none";
  let previous = "";
  for (const [token] of sql.matchAll(TOKEN[engine])) {
    if (/^(?:--|\/\*)/.test(token)) continue;
    const word = token.toUpperCase();
    if (word === ";" && body !== "open") {
      if (words.length > 0) found.push(words);
      words = [];
      body = "none";
    } else {
      if (body === "none" && word === "BEGIN" && hasBody(words)) body = "open";
      if (body === "open" && word === "END" && previous === ";") body = "closing";
      words.push(word);
    }
    previous = word;
  }
  return words.length > 0 ? [...found, words] : found;
}

function hasBody(words: Words): boolean {
  return (
    words[0] === "CREATE" && words.some((word) => /^(?:TRIGGER|FUNCTION|PROCEDURE)$/.test(word))
  );
}

/** Each migration is one transaction with its ledger row: a file must not open or end one of its own. */
const TRANSACTION = /^(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|VACUUM)$/;
/** Settings that a transaction ignores without a word. */
const IGNORED_PRAGMA = /^(?:FOREIGN_KEYS|JOURNAL_MODE|SYNCHRONOUS)$/;

/** Statements that can't be in a migration, as a reader would name them, e.g. `COMMIT`. */
export function forbidden(sql: string, engine: Engine): string[] {
  return statements(sql, engine).flatMap(([first = "", ...rest]) => {
    if (TRANSACTION.test(first)) return [first];
    if (first !== "PRAGMA") return [];
    // The second word, where the first is the name of the database, as in `PRAGMA main.journal_mode`.
    const ignored = rest.slice(0, 2).filter((word) => IGNORED_PRAGMA.test(word));
    return ignored.map((word) => `PRAGMA ${word.toLowerCase()}`);
  });
}

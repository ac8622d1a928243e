// Tokenizes SQL just enough to find the first words of each statement. Each file is executed as a whole.

export const ENGINES = ["sqlite", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** Comments, strings and quoted names, which may contain a `;` or a keyword; then words and `;`. */
const TOKEN = {
  sqlite:
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?|\[[^\]]*\]?|[\p{L}_][\p{L}\w$]*|;/gu,
  postgres:
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$([\p{L}_]\w*)?\$[\s\S]*?(?:\$\1\$|$)|[\p{L}_][\p{L}\w$]*|;/gu,
} satisfies Record<Engine, RegExp>;

/** The words of a statement in upper case, with strings and quoted names, without comments. */
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

/** A migration runs in one transaction with its ledger row, which its file must not end. */
const TRANSACTION = /^(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|VACUUM)$/;
/** Settings that SQLite silently ignores inside a transaction. */
const IGNORED_PRAGMA = /^(?:FOREIGN_KEYS|JOURNAL_MODE|SYNCHRONOUS)$/;

/** The statements that are not allowed in a migration, e.g. `COMMIT`. */
export function forbidden(sql: string, engine: Engine): string[] {
  return statements(sql, engine).flatMap(([first = "", ...rest]) => {
    if (TRANSACTION.test(first)) return [first];
    if (first !== "PRAGMA") return [];
    // The second word, too: the first may be a schema, as in `PRAGMA main.journal_mode`.
    const ignored = rest.slice(0, 2).filter((word) => IGNORED_PRAGMA.test(word));
    return ignored.map((word) => `PRAGMA ${word.toLowerCase()}`);
  });
}

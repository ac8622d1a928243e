// Prints the module of a document: the document is the default export, and its keys are named exports.

/** Nesting that all JavaScript parsers accept. */
const MAX_DEPTH = 200;

type Path = readonly PropertyKey[];

/** The value at `path` has no literal. */
export class UnprintableError extends Error {
  constructor(
    readonly path: Path,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Returns the text of the module. Keys that `import { … }` cannot name are only in the default export: reserved words, keys
 * that are not identifiers, and keys with a special meaning in modules and objects, such as `default` and `__proto__`.
 * @throws {UnprintableError}
 */
export function printModule(document: unknown): string {
  // An object with symbols as keys is passed to `printLiteral`, which refuses it.
  const hasNames = isPlainObject(document) && Object.getOwnPropertySymbols(document).length === 0;
  if (!hasNames) return `export default ${printLiteral(document)};\n`;
  const keys = Object.keys(document);
  const values = keys.map(
    (key, index) => `const v${index} = ${printLiteral(document[key], [key])};`,
  );
  const named = keys.flatMap((key, index) =>
    isExportable(key) ? `v${index} as ${printExportName(key)}` : [],
  );
  const members = keys.map((key, index) => `${printKey(key)}: v${index}`);
  return [
    ...values,
    `export { ${named.join(", ")} };`,
    `export default { ${members.join(", ")} };`,
    "",
  ].join("\n");
}

/** Returns whether a key can be a named export. */
export function isExportable(key: string): boolean {
  return IDENTIFIER.test(key) && !RESERVED.has(key);
}

/** Prints a key for an export clause. Quoted unless it is ASCII, because parsers support different versions of Unicode. */
export const printExportName = (key: string): string =>
  /^[\w$]+$/.test(key) ? key : JSON.stringify(key);

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const RESERVED = new Set(
  `__esModule __proto__ arguments await break case catch class const continue debugger default delete do else
  enum eval export extends false finally for function if implements import in instanceof interface
  let new null package private protected public return static super switch this throw true try
  typeof undefined var void while with yield`.split(/\s+/),
);

/**
 * Prints data as a literal. `printKey` and `printString` say what they escape.
 * @throws {UnprintableError} for a value that refers to itself, is nested too deeply, or is not data.
 */
function printLiteral(value: unknown, path: Path = [], parents: readonly object[] = []): string {
  switch (typeof value) {
    case "string":
      return printString(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return String(value);
    case "undefined":
      return "void 0";
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : printObject(value, path, parents);
    default:
      throw new UnprintableError(path, `a ${typeof value} can't be written into a module`);
  }
}

function printObject(value: object, path: Path, parents: readonly object[]): string {
  if (parents.includes(value)) throw new UnprintableError(path, "refers to itself");
  if (parents.length >= MAX_DEPTH) throw new UnprintableError(path, "is nested too deeply");
  const unprintable = (what: string) =>
    new UnprintableError(path, `${what} can't be written into a module`);
  const within = [...parents, value];
  if (Object.getOwnPropertySymbols(value).length > 0) throw unprintable("an object with symbols");
  if (Array.isArray(value)) {
    const keys = Object.keys(value);
    const isDense = keys.length === value.length && keys.every((key, i) => key === String(i));
    if (!isDense) throw unprintable("an array with holes or properties");
    return `[${value.map((item, index) => printLiteral(item, [...path, index], within)).join(",")}]`;
  }
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (!isPlainObject(value)) {
    const name = value.constructor?.name || "object";
    // Names that start with U get "a": a Uint8Array, a URL.
    throw unprintable(`${/^[AEIOaeio]/.test(name) ? "an" : "a"} ${name}`);
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${printKey(key)}:${printLiteral(item, [...path, key], within)}`,
  );
  return `{${entries.join(",")}}`;
}

/** Also true for an object without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Prints a key of an object literal. A computed key, in brackets, is necessary for `__proto__`, which would set the
 * prototype, and if `printString` returns a call of `JSON.parse`.
 */
function printKey(key: string): string {
  const literal = printString(key);
  return key === "__proto__" || !literal.startsWith('"') ? `[${literal}]` : literal;
}

/**
 * Prints JSON with U+2028 and U+2029 escaped. Text that could start or end a script element is printed as a call of
 * `JSON.parse`: bundlers undo escapes in plain literals, and the bundle may be inlined into a page.
 */
function printString(text: string): string {
  const json = JSON.stringify(text).replaceAll(/[\u2028\u2029]/g, escapeCharacter);
  const safe = json.replaceAll(/<(?=\/?script|!--)/gi, escapeCharacter);
  return safe === json ? json : `/* @__PURE__ */ JSON.parse(${JSON.stringify(safe)})`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

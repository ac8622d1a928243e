// Prints data as a JavaScript literal that is safe in any file and in a script element.

/** Nesting that all JavaScript parsers accept. */
const MAX_DEPTH = 200;

export type Path = readonly PropertyKey[];

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
 * `__proto__` stays an ordinary key, and no string can end a script element or a line.
 * @throws {UnprintableError} for a value that refers to itself, is nested too deeply, or is not data.
 */
export function printLiteral(
  value: unknown,
  path: Path = [],
  parents: readonly object[] = [],
): string {
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

/** `{"__proto__": x}` would set the prototype; a computed key does not. */
export function printKey(key: string): string {
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

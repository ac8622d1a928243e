// Prints data as JavaScript that makes it again: safe in any file, whatever the data is.

/** Nesting that parsers of JavaScript still take without trouble. */
const DEEPEST = 200;

export type Path = readonly PropertyKey[];

/** A value that has no literal; `path` says where it is. */
export class UnprintableError extends Error {
  constructor(
    readonly path: Path,
    message: string,
  ) {
    super(message);
  }
}

/**
 * `__proto__` stays a key, and no text can end a script element or a line.
 * @throws {UnprintableError} for what refers to itself, is nested too deeply, or is no data.
 */
export function literal(value: unknown, path: Path = [], parents: readonly object[] = []): string {
  switch (typeof value) {
    case "string":
      return stringLiteral(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return String(value);
    case "undefined":
      return "void 0";
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : objectLiteral(value, path, parents);
    default:
      throw new UnprintableError(path, `a ${typeof value} can't be written into a module`);
  }
}

function objectLiteral(value: object, path: Path, parents: readonly object[]): string {
  if (parents.includes(value)) throw new UnprintableError(path, "refers to itself");
  if (parents.length >= DEEPEST) throw new UnprintableError(path, "is nested too deeply");
  const within = [...parents, value];
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => literal(item, [...path, index], within)).join(",")}]`;
  }
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (!isPlain(value)) {
    throw new UnprintableError(path, `a ${value.constructor?.name} can't be written into a module`);
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${keyLiteral(key)}:${literal(item, [...path, key], within)}`,
  );
  return `{${entries.join(",")}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** `{"__proto__": x}` would set the prototype; a computed key is a key. */
export function keyLiteral(key: string): string {
  const printed = stringLiteral(key);
  return key === "__proto__" || !printed.startsWith('"') ? `[${printed}]` : printed;
}

/**
 * JSON, which is JavaScript but for two line ends. Bundlers undo escapes in literals: what would end or
 * begin a script element, were the bundle inside a page, is left to `JSON.parse`, which they don't touch.
 */
function stringLiteral(text: string): string {
  const json = JSON.stringify(text).replaceAll(/[\u2028\u2029]/g, unicodeEscape);
  const safe = json.replaceAll(/<(?=\/?script|!--)/gi, unicodeEscape);
  return safe === json ? json : `/* @__PURE__ */ JSON.parse(${JSON.stringify(safe)})`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

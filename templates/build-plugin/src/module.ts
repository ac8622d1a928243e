// The module that a document becomes: the document by default, and its keys by name.
import { keyLiteral, literal } from "./literal.ts";

/**
 * Keys that no `import { … }` could name are in the default export only: reserved words, what is no
 * identifier, and what means something else to modules and objects, such as `default` and `__proto__`.
 * @throws {UnprintableError}
 */
export function moduleText(document: unknown): string {
  if (!hasKeys(document)) return `export default ${literal(document)};\n`;
  const keys = Object.keys(document);
  const values = keys.map((key, index) => `const v${index} = ${literal(document[key], [key])};`);
  const named = keys.flatMap((key, index) =>
    isExportable(key) ? `v${index} as ${exportName(key)}` : [],
  );
  const members = keys.map((key, index) => `${keyLiteral(key)}: v${index}`);
  return [
    ...values,
    `export { ${named.join(", ")} };`,
    `export default { ${members.join(", ")} };`,
    "",
  ].join("\n");
}

export function hasKeys(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** True for a key that is a named export, too. */
export function isExportable(key: string): boolean {
  return IDENTIFIER.test(key) && !RESERVED.has(key);
}

/** The key in an export clause: parsers know different versions of Unicode, and any of them knows a string. */
export const exportName = (key: string): string =>
  /^[\w$]+$/.test(key) ? key : JSON.stringify(key);

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const RESERVED = new Set(
  `__esModule __proto__ arguments await break case catch class const continue debugger default delete do else
  enum eval export extends false finally for function if implements import in instanceof interface
  let new null package private protected public return static super switch this throw true try
  typeof undefined var void while with yield`.split(/\s+/),
);

// Prints the module of a document: the document is the default export, and its keys are named exports.
import { isPlainObject, printKey, printLiteral } from "./literal.ts";

/**
 * Keys that `import { … }` cannot name are only in the default export: reserved words, keys that are not
 * identifiers, and keys with a special meaning in modules and objects, such as `default` and `__proto__`.
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

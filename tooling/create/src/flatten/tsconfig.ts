// Merges a tsconfig.json with the shared base that it extends into one file without `extends`.
import { isObject, type JsonObject, printJson } from "./json.ts";
import { broken } from "./rules.ts";

/**
 * Returns the merged file; undefined if the file does not extend the base, and stays as it is.
 * Compiler options merge by key, and other keys replace the base's, as in TypeScript.
 * Both files may have comments and trailing commas. The result has none.
 * @param file for messages
 * @throws {CreateError} `broken_template`
 */
export function mergeTsconfig(
  file: string,
  content: string,
  base: (specifier: string) => string | undefined,
): string | undefined {
  const { extends: specifier, ...own } = parse(file, content);
  const inherited = typeof specifier === "string" ? base(specifier) : undefined;
  if (inherited === undefined) return undefined;
  const parent = parse(String(specifier), inherited);
  return printJson({
    ...parent,
    ...own,
    compilerOptions: { ...options(parent), ...options(own) },
  });
}

function options({ compilerOptions }: JsonObject): JsonObject {
  return isObject(compilerOptions) ? compilerOptions : {};
}

function parse(file: string, content: string): JsonObject {
  try {
    const value = Bun.JSONC.parse(content);
    if (isObject(value)) return value;
  } catch {
    // Reported below, like a value that is not an object.
  }
  throw broken(file, "is not a valid JSON object");
}

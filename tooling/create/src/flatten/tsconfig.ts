// Merges a tsconfig.json with the shared base that it extends into one file that stands alone.
import { isObject, type JsonObject, printJson } from "./json.ts";

/**
 * The merged file, or undefined if `base` knows nothing of what the file extends: then it stays as it is.
 * Compiler options merge by key and other keys replace the base's, as TypeScript does it.
 * Both files may have comments and trailing commas; the result has none.
 */
export function mergeTsconfig(
  content: string,
  base: (specifier: string) => string | undefined,
): string | undefined {
  const { extends: specifier, ...own } = parse(content);
  const inherited = typeof specifier === "string" ? base(specifier) : undefined;
  if (inherited === undefined) return undefined;
  const parent = parse(inherited);
  return printJson({
    ...parent,
    ...own,
    compilerOptions: { ...options(parent), ...options(own) },
  });
}

function options({ compilerOptions }: JsonObject): JsonObject {
  return isObject(compilerOptions) ? compilerOptions : {};
}

function parse(content: string): JsonObject {
  const value = Bun.JSONC.parse(content);
  if (isObject(value)) return value;
  throw new SyntaxError("A tsconfig is a JSON object.");
}

// Prints the declaration (.d.ts) of a content file, which gives imports of it their types.
import type { Format } from "../format.ts";
import type { Content } from "../load.ts";
import { isExportable, isPlainObject, printExportName } from "../module.ts";
import { Shapes } from "./shapes.ts";

export interface SchemaReference {
  /** Path of the module relative to the declaration, e.g. `../schemas.ts`. */
  readonly module: string;
  /** Name of the schema in that module. */
  readonly export: string;
}

/** The start of every generated declaration. A file that starts differently was written by hand, and is never changed. */
export const GENERATED = "// Generated from the file beside it";

/**
 * Returns the text of `prices.d.jsonl.ts` for `prices.jsonl`. The type is the output type of the schema, or inferred from
 * the values if there is no schema. tsconfig.json needs `allowArbitraryExtensions`.
 */
export function declareModule(
  { documentType = (data) => data }: Pick<Format, "documentType">,
  { data, document }: Pick<Content, "data" | "document">,
  schema?: SchemaReference,
): string {
  const shapes = new Shapes();
  const dataType =
    schema === undefined
      ? shapes.add("Document", data)
      : 'NonNullable<Schema["~standard"]["types"]>["output"]';
  const keys = Object.keys(isPlainObject(document) ? document : {}).filter(isExportable);
  const taken = new Set(keys);
  const freeName = (name: string): string => (taken.has(name) ? freeName(`${name}_`) : name);
  const defaultName = freeName("document");
  const exported = keys.map((key, index) => {
    if (printExportName(key) === key) return `export declare const ${key}: Content["${key}"];`;
    const name = freeName(`key${index}`);
    return `declare const ${name}: Content["${key}"];\nexport { ${name} as ${printExportName(key)} };`;
  });
  return [
    `${GENERATED}.`,
    "",
    ...shapes.declarations.map((shape) => `${shape}\n`),
    ...(schema === undefined
      ? []
      : [`type Schema = typeof import(${JSON.stringify(schema.module)}).${schema.export};`]),
    `type Content = ${documentType(dataType)};`,
    "",
    ...exported,
    `declare const ${defaultName}: Content;`,
    `export default ${defaultName};`,
    "",
  ].join("\n");
}

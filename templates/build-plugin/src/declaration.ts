// The .d.ts of a content file: what TypeScript is to know about an import of it.
import { exportName, hasKeys, isExportable } from "./module.ts";
import { Shapes } from "./shapes.ts";

export interface ContentDescription {
  /** The document, as the plugin exports it by default. */
  readonly document: unknown;
  /** True for Markdown, whose keys are known. */
  readonly markdown?: boolean | undefined;
  /** The schema that checked it: then the type comes from there, and says what any such file may hold. */
  readonly schema?: SchemaReference | undefined;
}

export interface SchemaReference {
  /** As the declaration imports it, e.g. `../schemas.ts`. */
  readonly module: string;
  /** The name that the module exports it by. */
  readonly name: string;
}

const HEADING = `interface Heading {
  readonly depth: number;
  readonly text: string;
  readonly id: string;
}
`;

/**
 * The text for `team.d.yaml.ts` beside `team.yaml`; tsconfig needs `allowArbitraryExtensions`.
 * Without a schema, the types are those of the values that are there.
 */
export function declaration({ document, markdown = false, schema }: ContentDescription): string {
  const shapes = new Shapes();
  const checked = (data: unknown, name: string) =>
    schema === undefined
      ? shapes.add(name, data)
      : `NonNullable<typeof import("${schema.module}").${schema.name}["~standard"]["types"]>["output"]`;
  const content = markdown
    ? `{
  readonly attributes: ${checked(hasKeys(document) ? document.attributes : {}, "Attributes")};
  readonly html: string;
  readonly toc: readonly Heading[];
}`
    : checked(document, "Document");
  const named = Object.keys(hasKeys(document) ? document : {}).filter(isExportable);
  const free = (name: string): string => (named.includes(name) ? free(`${name}_`) : name);
  const whole = free("document");
  const exported = named.map((key, index) => {
    if (exportName(key) === key) return `export declare const ${key}: Content["${key}"];`;
    const name = free(`key${index}`);
    return `declare const ${name}: Content["${key}"];\nexport { ${name} as ${exportName(key)} };`;
  });
  return [
    "// Generated from the file beside it: change that, and run `bun run types`.",
    "",
    ...(markdown ? [HEADING] : []),
    ...shapes.declarations.map((shape) => `${shape}\n`),
    `type Content = ${content};`,
    "",
    ...exported,
    `declare const ${whole}: Content;`,
    `export default ${whole};`,
    "",
  ].join("\n");
}

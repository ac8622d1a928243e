// YAML 1.2 as modules.
import {
  type Document,
  isAlias,
  isCollection,
  isScalar,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import type { Draft } from "./format.ts";
import type { LoaderPlugin } from "./host.ts";
import { type LoaderOptions, loader } from "./loader.ts";
import type { Source, Span } from "./source.ts";

/** Aliases that a document may use, counted with what they repeat: far less than a bomb needs. */
const MAX_ALIASES = 100;

/**
 * `import team, { members } from "./team.yaml"`: the document, and its keys by name.
 * One document a file; keys are strings, and none is there twice; tags of other schemas are refused.
 */
export function yaml(options: LoaderOptions = {}): LoaderPlugin {
  return loader({ name: "yaml", filter: /\.ya?ml$/, parse: parseYaml }, options);
}

/**
 * @param text the YAML in the source, each character where it is there.
 * @throws {ContentError} `syntax`
 */
export function parseYaml(source: Source, text = source.text): Draft {
  const document = parseDocument(text, {
    stringKeys: true,
    uniqueKeys: false, // refuseTwins does it in linear time
    prettyErrors: false,
    logLevel: "error",
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw source.error("syntax", problem.pos, problem.message, problem);
  refuseTwins(document, source);
  return {
    data: toData(document, source),
    locate: (path) => spanOf(document, path),
    document: (checked) => checked,
    prefix: [],
  };
}

function refuseTwins(document: Document.Parsed, source: Source): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const [start = 0, end = 0] = key.range ?? [];
        if (seen.has(key.value)) {
          throw source.error("syntax", [start, end], `the key ${key.value} is there twice`);
        }
        seen.add(key.value);
      }
    },
  });
}

function toData(document: Document.Parsed, source: Source): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw source.error("syntax", [0, 0], error.message, error);
  }
}

/** Where the node with this path is; of a key that is missing, where the mapping is that lacks it. */
function spanOf(document: Document.Parsed, path: readonly PropertyKey[]): Span {
  let node: Node | null = document.contents;
  for (const key of path) {
    const parent: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const child: unknown = isCollection(parent)
      ? parent.get(typeof key === "number" ? key : String(key), true)
      : undefined;
    if (typeof child !== "object" || child === null) break;
    node = child as Node;
  }
  const [start = 0, end = 0] = node?.range ?? [];
  return [start, end];
}

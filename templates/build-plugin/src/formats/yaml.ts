// Parses YAML 1.2 (https://yaml.org/spec/1.2.2), and refuses values that a parser would change silently.
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type ScalarTag,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Format, Parsed, Source, Span } from "../format.ts";
import { keepsDigits, LOST_DIGITS } from "../number.ts";

/** `import team, { members } from "./team.yaml"`: the document, and its keys by name. */
export const yamlFormat: Format = {
  name: "yaml",
  extensions: ["yaml", "yml"],
  parse: (source) => parseYaml(source),
};

/** Limit of the aliases of an anchor after expansion, against exponential expansion ("billion laughs"). */
const MAX_USES = 100;

/**
 * Parses one document. Keys are strings and unique; `<<` merges as in YAML 1.1, as other loaders do.
 * @param text the YAML in the source, with spaces in place of everything before it, so that offsets are the same in both
 * @throws {ContentError} `syntax`
 */
export function parseYaml(source: Source, text = source.text): Parsed {
  const loneReturn = text.search(/\r(?!\n)/);
  if (loneReturn !== -1) {
    const message = "a carriage return alone does not end a line: use LF or CRLF";
    throw source.error("syntax", [loneReturn, loneReturn + 1], message);
  }
  const document = parseDocument(text, {
    customTags: (tags) => [...tags, floatWithoutPoint],
    intAsBigInt: true,
    merge: true,
    resolveKnownTags: false, // such as !!binary, whose values are objects
    stringKeys: true,
    uniqueKeys: false, // checkKeys finds duplicates in linear time
    prettyErrors: false,
    logLevel: "error",
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw source.error("syntax", problem.pos, MESSAGES[problem.code] ?? problem.message);
  const { explicit, version } = document.directives.yaml;
  if (explicit && version !== "1.2") {
    const start = text.indexOf("%YAML");
    throw source.error("syntax", [start, start + 9], "this is read as YAML 1.2: remove the line");
  }
  checkAndConvertNodes(document, source);
  return {
    data: document.toJS({ maxAliasCount: -1 }), // checkAndConvertNodes has limited them
    locate: (path) => spanOf(findNode(document, path)),
  };
}

/**
 * Resolves `!!float 1`: the parser's own floats need a point or an exponent. Without a tag, `1` stays an integer, because the
 * parser tries integers first.
 */
const floatWithoutPoint: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^[-+]?[0-9]+$/,
  resolve: Number,
};

/** Replaces messages of the parser that are about its own functions and options. */
const MESSAGES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document starts here: put each document into its own file",
  NON_STRING_KEY: "a key must be a string: put text that starts with { [ or * in quotes",
  TAG_RESOLVE_FAILED:
    "this tag is not supported, or not for this value: remove it, or put text that starts with ! in quotes",
};

function spanOf(node: Node | null): Span {
  const [start = 0, end = 0] = node?.range ?? [];
  return [start, end];
}

interface Anchor {
  readonly node: Node;
  /** The number of its aliases after expansion, which replaces each alias with a copy of its anchor's value. */
  uses: number;
  /** The value of the anchor, computed here if the parser has not stored it: it skips an anchor in a merge (`<<: &a {x: 1}`). */
  value?: unknown;
}

interface Use {
  readonly anchor: Anchor;
  /** The anchors around the alias. */
  readonly parents: readonly Anchor[];
}

function checkAndConvertNodes(document: Document.Parsed, source: Source): void {
  const anchors = new Map<unknown, Anchor>(); // by node
  const latest = new Map<string, Anchor>(); // by name: a later anchor may have the same one
  const uses: Use[] = [];
  visit(document, {
    Pair: (_, pair) => checkMerge(pair, latest, source),
    Node(_, node, path) {
      if (isAlias(node)) {
        const parents = path.map((parent) => anchors.get(parent)).filter((anchor) => !!anchor);
        const anchor = resolveAlias(node, latest.get(node.source), parents, document, source);
        uses.push({ anchor, parents });
        return;
      }
      if (node.anchor !== undefined) {
        const anchor = { node, uses: 0 };
        anchors.set(node, anchor);
        latest.set(node.anchor, anchor);
      }
      if (isMap(node)) checkKeys(node, source);
      if (isScalar(node)) {
        refuseLostText(node, source);
        convertNumber(node, source);
      }
    },
  });
  countUses(uses, source);
  for (const { node, uses } of anchors.values()) if (uses === 0) refuseUnusedAnchor(node, source);
}

/** @param parents the anchors around the alias */
function resolveAlias(
  alias: Alias,
  anchor: Anchor | undefined,
  parents: readonly Anchor[],
  document: Document,
  source: Source,
): Anchor {
  if (anchor === undefined) {
    const message = `there is no anchor &${alias.source} above this alias: put text that starts with * in quotes`;
    throw source.error("syntax", spanOf(alias), message);
  }
  if (parents.includes(anchor)) {
    throw source.error("value", spanOf(alias), `the anchor &${alias.source} refers to itself`);
  }
  const { node } = anchor;
  // The parser's own methods visit the whole document, and throw if the anchor is in a merge: `<<: &a {x: 1}`.
  alias.resolve = () => node as Scalar | YAMLMap | YAMLSeq;
  alias.toJSON = (_, context) => {
    const known = context?.anchors.get(node);
    if (known) return known.res;
    anchor.value ??= node.toJS(document, { maxAliasCount: -1 });
    return anchor.value;
  };
  return anchor;
}

/**
 * Counts each alias once, and once more for each use of an anchor around it. Starts with the last alias: the aliases of an
 * anchor are below it, so when the count reaches an alias inside an anchor, all uses of that anchor are counted.
 */
function countUses(uses: readonly Use[], source: Source): void {
  for (const { anchor, parents } of uses.toReversed()) {
    anchor.uses += parents.reduce((sum, parent) => sum + parent.uses, 1);
    if (anchor.uses <= MAX_USES) continue;
    const message = `the anchor &${anchor.node.anchor} is used more than ${MAX_USES} times: repeat the value instead`;
    throw source.error("syntax", spanOfAnchor(anchor.node, source), message);
  }
}

/** Returns the position of `&name` above the node. */
function spanOfAnchor(node: Node, source: Source): Span {
  const text = `&${node.anchor}`;
  const start = source.text.lastIndexOf(text, spanOf(node)[0]);
  return [start, start + text.length];
}

/** Refuses `title: &Friends are here`: in YAML, the value is `are here`. An unused anchor of a mapping or a list drops no text. */
function refuseUnusedAnchor(node: Node, source: Source): void {
  if (!isScalar(node) || node.type !== "PLAIN") return;
  const message = "no alias uses this anchor: put text that starts with & in quotes";
  throw source.error("syntax", spanOfAnchor(node, source), message);
}

function checkMerge(
  { key, value }: Pair,
  anchors: ReadonlyMap<string, Anchor>,
  source: Source,
): void {
  if (!isScalar(key) || !isMerge(key)) return;
  const resolve = (node: unknown) => (isAlias(node) ? anchors.get(node.source)?.node : node);
  const merged = resolve(value);
  if ((isSeq(merged) ? merged.items : [merged]).every((item) => isMap(resolve(item)))) return;
  throw source.error("syntax", spanOf(key), "a merge needs mappings: put a key << in quotes");
}

function checkKeys({ items }: YAMLMap, source: Source): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key) || isMerge(key)) continue;
    if (key.value === "" && key.type === "PLAIN") {
      throw source.error("syntax", spanOf(key), "a key is empty here: put a text ? or : in quotes");
    }
    if (seen.has(key.value)) {
      throw source.error("syntax", spanOf(key), `the key ${key.value} is a duplicate: rename it`);
    }
    seen.add(key.value);
  }
}

function isMerge({ value, type }: Scalar): boolean {
  return value === "<<" && type === "PLAIN";
}

/**
 * Refuses text that YAML would drop: a comment as in `color: #fff` and `title: Issue #5`, a tag as in `! note`, and the header of
 * an empty block as in `size: >5`.
 */
function refuseLostText({ range, value, type, tag }: Scalar, source: Source): void {
  const [start = 0, end = 0] = range ?? [];
  const refuse = (position: number, message: string) =>
    source.error("syntax", [position, position + 1], message);
  const isText = type === "PLAIN" && typeof value === "string";
  if ((isText || start === end) && /^[ \t]*#[^\s#]/.test(source.text.slice(end))) {
    const message = "# starts a comment here: put the value in quotes, or a space after the #";
    throw refuse(source.text.indexOf("#", end), message);
  }
  if (isText && tag === "!") {
    throw refuse(source.text.lastIndexOf("!", start), "! is a tag here: put the value in quotes");
  }
  if (value === "" && /^[|>][+-]?\d/.test(source.text.slice(start, end))) {
    throw refuse(start, "an empty block of text starts here: put the value in quotes");
  }
}

/** The parser returns integers as `bigint`, so that this function can detect digits that a number would lose. */
function convertNumber(scalar: Scalar, source: Source): void {
  const { value, source: literal = "" } = scalar;
  if (typeof value !== "bigint" && typeof value !== "number") return;
  if (/^[+-]?0\d/.test(literal)) {
    throw source.error("syntax", spanOf(scalar), "leading zeros would be lost: put it in quotes");
  }
  const isKept = /^[+-]?0[xo]/.test(literal)
    ? Number.isFinite(Number(value)) && BigInt(Number(value)) === BigInt(value)
    : /^[+-]?\.(inf|nan)$/i.test(literal) || keepsDigits(literal);
  if (!isKept) throw source.error("syntax", spanOf(scalar), LOST_DIGITS);
  scalar.value = literal === "-0" ? -0 : Number(value);
}

/** Returns the node at this path; for a missing key, the mapping that should contain it. */
function findNode(document: Document.Parsed, path: readonly PropertyKey[]): Node | null {
  let node: Node | null = document.contents;
  for (const key of path) {
    const child = findChild(node, key, document);
    if (child === undefined) break;
    node = child;
  }
  return node;
}

/** Follows aliases, and also searches merged mappings. */
function findChild(node: unknown, key: PropertyKey, document: Document.Parsed): Node | undefined {
  const resolve = (inner: unknown) => (isAlias(inner) ? inner.resolve(document) : inner);
  const parent = resolve(node);
  if (!isCollection(parent)) return undefined;
  const child: unknown = parent.get(typeof key === "number" ? key : String(key), true);
  if (typeof child === "object" && child !== null) return child as Node;
  if (!isMap(parent)) return undefined;
  const merges = parent.items.filter((item) => isScalar(item.key) && isMerge(item.key));
  return merges
    .map(({ value }) => resolve(value))
    .flatMap((merged) => (isSeq(merged) ? merged.items : [merged]))
    .map((merged) => findChild(merged, key, document))
    .find((found) => found !== undefined);
}

// Merges JSON three ways by key. The user's text is edited in place, so that its order, formatting and comments stay.
import {
  createScanner,
  type Node,
  type ParseError,
  parseTree,
  stripComments,
} from "jsonc-parser/lib/esm/main.js";
import { isObject, type Json, type JsonObject, printJson } from "../flatten/json.ts";

export interface JsonMerge {
  readonly text: string;
  /** Keys that both sides changed: the user's value stays. */
  readonly kept: readonly Kept[];
}

export interface Kept {
  /** Keys joined by dots: `scripts.test`. */
  readonly key: string;
  /** The template's value as JSON; undefined if the template no longer has the key. */
  readonly theirs: string | undefined;
}

type Key = readonly string[];
/** Formats a value as Biome does in this file. */
type Print = (value: Json) => string;
const printPackage: Print = (value) => JSON.stringify(value, null, 2);

const BYTE_ORDER_MARK = "\uFEFF";
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for anything other than UTF-8. */
function decoded(content: Uint8Array): string | undefined {
  try {
    return utf8.decode(content);
  } catch {
    return undefined;
  }
}

/**
 * Undefined if one side is not JSON in UTF-8 with an object at the top, or has a key twice: then it is merged as text.
 * @param path its name determines how values are formatted
 */
export function mergeJson(
  path: string,
  base: Uint8Array,
  mine: Uint8Array,
  theirs: Uint8Array,
): JsonMerge | undefined {
  const text = decoded(mine);
  const [old, own, next] = [decoded(base), text, decoded(theirs)].map(
    (side) => side && parseJson(side),
  );
  if (text === undefined || !isObject(old) || !isObject(own) || !isObject(next)) return undefined;
  const print = /(^|\/)package\.json$/.test(path) ? printPackage : printJson;
  const merge = new Merge(text, print);
  // The record of the starter is not the user's: it says what this update made. An older version may have written less.
  const mergeable = old.bunyard === undefined ? own : { ...own, bunyard: old.bunyard };
  merge.object([], old, mergeable, next);
  return { text: merge.text, kept: merge.kept };
}

/** Sets one key of a JSON text with an object at the top, and leaves all other text unchanged. */
export function setKey(text: string, key: string, value: JsonObject): string {
  const merge = new Merge(text, printPackage);
  merge.set([key], value, []);
  return merge.text;
}

class Merge {
  readonly kept: Kept[] = [];

  constructor(
    public text: string,
    private readonly print: Print,
  ) {}

  object(key: Key, base: JsonObject, mine: JsonObject, theirs: JsonObject): void {
    const order = Object.keys(theirs);
    for (const name of new Set([...Object.keys(base), ...order])) {
      const before = order.slice(0, Math.max(0, order.indexOf(name)));
      this.#value([...key, name], base[name], mine[name], theirs[name], before);
    }
  }

  #value(
    key: Key,
    base: Json | undefined,
    mine: Json | undefined,
    theirs: Json | undefined,
    before: readonly string[],
  ): void {
    if (Bun.deepEquals(base, theirs) || Bun.deepEquals(mine, theirs)) return;
    if (isObject(mine) && isObject(theirs) && (base === undefined || isObject(base))) {
      this.object(key, base ?? {}, mine, theirs);
      return;
    }
    const hasComment = this.#hasComment(key);
    if (Bun.deepEquals(base, mine) && (theirs === undefined || !hasComment)) {
      if (theirs === undefined) this.#remove(key);
      else this.set(key, theirs, before);
      return;
    }
    if (mine === undefined) {
      // Entries that the user removed stay removed, but a new dependency is needed.
      const added = isObject(base) && isObject(theirs) ? withoutKeys(theirs, base) : {};
      if (Object.keys(added).length > 0) this.set(key, added, before);
      return;
    }
    const list = mergeLists(base, mine, theirs);
    if (list === undefined || hasComment) {
      this.kept.push({ key: key.join("."), theirs: JSON.stringify(theirs) });
    } else this.set(key, list, before);
  }

  /** @param before the template's keys before this one: a new key is inserted after the last one that the user has */
  set(key: Key, value: Json, before: readonly string[]): void {
    const existing = this.#find(key);
    const parent = this.#find(key.slice(0, -1));
    if (existing !== undefined) {
      const text = this.#render(value, this.#indentAt(existing.parent?.offset ?? existing.offset));
      this.#replace(existing.offset, endOf(existing), text);
    } else if (parent?.type === "object") this.#insert(parent, key.at(-1) ?? "", value, before);
  }

  #insert(parent: Node, key: string, value: Json, before: readonly string[]): void {
    const { offset, children: members = [] } = parent;
    const [first] = members;
    const end = endOf(parent);
    const name = `${JSON.stringify(key)}: `;
    if (first === undefined) {
      const outer = this.#indentAt(offset);
      const inner = outer + this.#unit;
      const member = `${this.#eol}${inner}${name}${this.#render(value, inner)}`;
      const isBlank = this.text.slice(offset + 1, end - 1).trim() === "";
      if (isBlank) this.#replace(offset, end, `{${member}${this.#eol}${outer}}`);
      else this.#replace(offset + 1, offset + 1, member);
      return;
    }
    const isInline = !this.text.slice(offset, end).includes("\n");
    const indent = this.#indentAt(first.offset);
    const gap = isInline ? " " : `${this.#eol}${indent}`;
    const member = `${name}${this.#render(value, indent)}`;
    const place = before.findLast((name) => members.some((member) => nameOf(member) === name));
    const previous = members.find((member) => nameOf(member) === place);
    if (previous === undefined) {
      this.#replace(first.offset, first.offset, `${member},${gap}`);
      return;
    }
    // A comment at the end of the line stays there.
    const line = this.text.slice(endOf(previous)).split(/\r?\n/, 1)[0] ?? "";
    const [all = "", comma = "", comment = ""] =
      /^(,?)(\s*\/(?:\/.*|\*.*\*\/\s*))$/.exec(line) ?? [];
    const start = endOf(previous);
    this.#replace(start, start + all.length, `,${comment}${gap}${member}${comma}`);
  }

  #remove(key: Key): void {
    const property = this.#find(key)?.parent;
    const parent = property?.parent;
    if (property === undefined || parent === undefined) return;
    const members = parent.children ?? [];
    const index = members.indexOf(property);
    const [previous, next] = [members[index - 1], members[index + 1]];
    const start = previous === undefined ? parent.offset + 1 : endOf(previous);
    const end = next?.offset ?? endOf(parent) - 1;
    if (hasComment(this.text.slice(start, end))) this.#removeBetweenComments(property, start);
    else if (previous !== undefined) this.#replace(start, endOf(property), "");
    else if (next !== undefined) this.#replace(property.offset, end, "");
    else this.#replace(parent.offset, endOf(parent), "{}");
  }

  /** Removes the member, one comma beside it, and the line unless a comment is left in it. */
  #removeBetweenComments(member: Node, previous: number): void {
    const { offset } = member;
    const indent = this.#indentAt(offset);
    const after = this.#commaAfter(endOf(member));
    const before = after === undefined ? this.#commaAfter(previous) : undefined;
    // From the end, so that the offsets stay valid.
    if (after !== undefined) this.#replace(after, after + 1, "");
    this.#replace(offset, endOf(member), "");
    if (before !== undefined) this.#replace(before, before + 1, "");
    const position = before === undefined ? offset : offset - 1;
    const start = this.text.lastIndexOf("\n", position - 1);
    const rest = this.text.slice(start, this.text.indexOf("\n", position));
    if (start === -1 || !/^\s*(\/[/*]|$)/.test(rest)) return;
    const text = rest.trim() === "" ? "" : `\n${indent}${rest.trimStart()}`;
    this.#replace(start, start + rest.length, text);
  }

  /** The offset of a comma that follows a position after blanks and comments. */
  #commaAfter(position: number): number | undefined {
    const scanner = createScanner(this.text, true);
    scanner.setPosition(position);
    scanner.scan();
    const token = scanner.getTokenOffset();
    return this.text[token] === "," ? token : undefined;
  }

  #find(key: Key): Node | undefined {
    let node = parsed(this.text);
    for (const name of key) {
      node = node?.children?.find((member) => nameOf(member) === name)?.children?.[1];
    }
    return node;
  }

  #hasComment(key: Key): boolean {
    const node = this.#find(key);
    return node !== undefined && hasComment(this.text.slice(node.offset, endOf(node)));
  }

  #replace(start: number, end: number, text: string): void {
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
  }

  /** In the indentation and the line endings of the user's file. */
  #render(value: Json, indent: string): string {
    const [first = "", ...rest] = this.print(value).trimEnd().split("\n");
    const lines = rest.map((line) => {
      const [spaces = ""] = /^ */.exec(line) ?? [];
      return indent + this.#unit.repeat(spaces.length / 2) + line.slice(spaces.length);
    });
    return [first, ...lines].join(this.#eol);
  }

  #indentAt(offset: number): string {
    const start = this.text.lastIndexOf("\n", offset - 1) + 1;
    return /^[ \t]*/.exec(this.text.slice(start, offset))?.[0] ?? "";
  }

  get #unit(): string {
    return /^([ \t]+)"/m.exec(this.text)?.[1] ?? "  ";
  }

  get #eol(): string {
    return this.text.includes("\r\n") ? "\r\n" : "\n";
  }
}

const endOf = ({ offset, length }: Node): number => offset + length;

const hasComment = (text: string): boolean => stripComments(text) !== text;

const withoutKeys = (value: JsonObject, known: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !(key in known)));

/** Merges lists of scalars without duplicates as sets, in the user's order. Undefined for anything else. */
function mergeLists(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
): readonly Json[] | undefined {
  if (!isSet(base) || !isSet(mine) || !isSet(theirs)) return undefined;
  const kept = mine.filter((item) => theirs.includes(item) || !base.includes(item));
  const added = theirs.filter((item) => !base.includes(item) && !mine.includes(item));
  return [...kept, ...added];
}

const isSet = (value: Json | undefined): value is readonly Json[] =>
  Array.isArray(value) &&
  value.every((item) => typeof item !== "object" || item === null) &&
  new Set(value).size === value.length;

const nameOf = (member: Node): unknown => member.children?.[0]?.value;

/** Undefined for a text with errors. Comments and trailing commas are allowed. */
function parsed(text: string): Node | undefined {
  const errors: ParseError[] = [];
  // A space keeps the offsets.
  const json = text.startsWith(BYTE_ORDER_MARK) ? ` ${text.slice(1)}` : text;
  const node = parseTree(json, errors, { allowTrailingComma: true });
  return errors.length === 0 ? node : undefined;
}

/** As Bun reads a package.json: with comments and trailing commas. Undefined for a text with errors, or a key twice. */
export function parseJson(text: string): Json | undefined {
  const node = parsed(text);
  return node && hasUniqueKeys(node) ? toValue(node) : undefined;
}

function hasUniqueKeys({ type, children = [] }: Node): boolean {
  const names = type === "object" ? children.map(nameOf) : [];
  return new Set(names).size === names.length && children.every(hasUniqueKeys);
}

function toValue({ type, value, children = [] }: Node): Json {
  if (type === "array") return children.map(toValue);
  if (type !== "object") return value;
  const members = children.map(({ children: [name, content] = [] }): [string, Json] => [
    String(name?.value),
    content ? toValue(content) : null,
  ]);
  return Object.fromEntries(members);
}

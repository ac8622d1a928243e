// Joins a list in brackets onto one line if elements were removed and it now fits, as Biome would print it.
import { indentOf, LINE_WIDTH } from "./lines.ts";

const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
/** Braces that Biome joins: names of imports and exports, and patterns. It keeps the line breaks of object literals. */
const JOINED_BRACES =
  /^\s*(import|export|const|let)( type)? \{$|\bfunction\b[^()]*\(\{$|= (async )?\(\{$/;

/**
 * Joins the list that encloses the cut, if there is one: parameters, arguments, an array, a pattern, or the names of
 * an import or export.
 */
export function joinList(lines: string[], cut: number): number | undefined {
  let [start, end] = [cut - 1, cut];
  while (isElement(lines[start])) start -= 1;
  while (isElement(lines[end])) end += 1;
  const opener = lines[start];
  const closer = lines[end];
  if (opener === undefined || closer === undefined) return undefined;
  const bracket = opener.slice(-1);
  const indent = indentOf(opener);
  const elements = lines.slice(start + 1, end);
  if (elements.some((element) => indentOf(element) !== `${indent}  `)) return undefined;
  if (!closer.startsWith(`${indent}${CLOSERS[bracket]}`)) return undefined;
  if (bracket === "{" && !JOINED_BRACES.test(opener)) return undefined;
  const padding = bracket === "{" && elements.length > 0 ? " " : "";
  const list = elements.map((element) => element.trim()).join(" ");
  const joined = `${opener}${padding}${list.replace(/,$/, "")}${padding}${closer.trim()}`;
  if (joined.length > LINE_WIDTH) return undefined;
  lines.splice(start, end - start + 1, joined);
  return start;
}

/** An element on its own line, without a comment. */
const isElement = (text = ""): boolean => /^\s+[^\s})\]].*,$/.test(text) && !/\/[/*]/.test(text);

// Joins a list in brackets onto one line if elements were removed and it now fits, as Biome would print it.
import { indentOf, joinAtCuts, LINE_WIDTH, type Line } from "./lines.ts";

const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
/** Braces that Biome joins: names of imports and exports, and patterns. It keeps the line breaks of object literals. */
const JOINED_BRACES =
  /^\s*(import|export|const|let)( type)? \{$|\bfunction\b[^()]*\(\{$|= (async )?\(\{$/;

/** Handles parameters, arguments, arrays, patterns, and the names of imports and exports. */
export const joinLists = (lines: readonly Line[]): readonly Line[] => joinAtCuts(lines, joinAround);

/** Joins the list that encloses the cut before `index`, if there is one. */
function joinAround(lines: Line[], index: number): void {
  let [start, end] = [index - 1, index];
  while (isElement(lines[start])) start -= 1;
  while (isElement(lines[end])) end += 1;
  const opener = lines[start]?.text;
  const closer = lines[end]?.text;
  if (opener === undefined || closer === undefined) return;
  const bracket = opener.slice(-1);
  const indent = indentOf(opener);
  const elements = lines.slice(start + 1, end).map(({ text }) => text);
  if (elements.some((element) => indentOf(element) !== `${indent}  `)) return;
  if (!closer.startsWith(`${indent}${CLOSERS[bracket]}`)) return;
  if (bracket === "{" && !JOINED_BRACES.test(opener)) return;
  const padding = bracket === "{" && elements.length > 0 ? " " : "";
  const list = elements.map((element) => element.trim()).join(" ");
  const joined = `${opener}${padding}${list.replace(/,$/, "")}${padding}${closer.trim()}`;
  if (joined.length > LINE_WIDTH) return;
  lines.splice(start, end - start + 1, { text: joined, isAfterCut: false });
}

/** An element on its own line, without a comment. */
const isElement = (line: Line | undefined): boolean =>
  line !== undefined && /^\s+[^\s})\]].*,$/.test(line.text) && !/\/[/*]/.test(line.text);

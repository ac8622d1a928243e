// Joins a method chain or a union onto one line if parts were removed and it now fits, as Biome would print it.
import { indentOf, LINE_WIDTH } from "./lines.ts";

/** Calls of a chain that Biome keeps on separate lines if an argument is not simple. */
const SIMPLE_CHAIN = 2;

export function joinContinuation(lines: string[], cut: number): number | undefined {
  // The cut may be before the first part, between two, or after the last one.
  const inside = [cut, cut - 1].find((index) => isPart(lines[index]));
  if (inside === undefined) return undefined;
  const part = lines[inside] ?? "";
  const indent = indentOf(part);
  const operator = part.trimStart().charAt(0);
  const belongs = (text = "") =>
    isPart(text) && text.trimStart().startsWith(operator) && indentOf(text) === indent;
  let [start, end] = [inside, inside + 1];
  while (belongs(lines[start - 1])) start -= 1;
  while (belongs(lines[end])) end += 1;
  const base = lines[start - 1] ?? "";
  if (`${indentOf(base)}  ` !== indent) return undefined;
  const parts = lines.slice(start, end).map((text) => text.trim());
  const joined = operator === "." ? joinChain(base, parts) : joinUnion(base, parts);
  if (joined === undefined || joined.length > LINE_WIDTH) return undefined;
  lines.splice(start - 1, end - start + 1, joined);
  return start - 1;
}

function joinChain(base: string, parts: readonly string[]): string | undefined {
  const areComplete = parts.every((part) => isBalanced(part) && !part.includes("//"));
  const areSimple = parts.every((part) => !/=>|\bawait\b|\bfunction\b|`/.test(part));
  if (!areComplete || (parts.length > SIMPLE_CHAIN && !areSimple)) return undefined;
  return base + parts.join("");
}

function joinUnion(base: string, parts: readonly string[]): string | undefined {
  if (!base.endsWith("=") || !parts.every(isBalanced)) return undefined;
  return `${base} ${parts.join(" ").replace(/^\| /, "")}`;
}

const isPart = (text = ""): boolean => /^\s+(\.\w|\| )/.test(text);

const isBalanced = (text: string): boolean =>
  text.replaceAll(/[^([{]/g, "").length === text.replaceAll(/[^)\]}]/g, "").length;

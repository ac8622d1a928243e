// Joins method chains and unions onto one line if parts were removed and they now fit, as Biome would print them.
import { indentOf, joinAtCuts, LINE_WIDTH, type Line } from "./lines.ts";

/** Calls of a chain that Biome keeps on separate lines if an argument is not simple. */
const SIMPLE_CHAIN = 2;

export const joinContinuations = (lines: readonly Line[]): readonly Line[] =>
  joinAtCuts(lines, joinAround);

function joinAround(lines: Line[], cut: number): void {
  // The cut may be before the first part, between two, or after the last one.
  const inside = [cut, cut - 1].find((index) => isPart(lines[index]?.text));
  if (inside === undefined) return;
  const part = lines[inside]?.text ?? "";
  const indent = indentOf(part);
  const operator = part.trimStart().charAt(0);
  const belongs = ({ text }: Line) =>
    isPart(text) && text.trimStart().startsWith(operator) && indentOf(text) === indent;
  let start = inside;
  while (start > 0 && lines.slice(start - 1, start).some(belongs)) start -= 1;
  let end = inside;
  while (lines.slice(end + 1, end + 2).some(belongs)) end += 1;
  const base = lines[start - 1]?.text ?? "";
  if (`${indentOf(base)}  ` !== indent) return;
  const parts = lines.slice(start, end + 1).map(({ text }) => text.trim());
  const joined = operator === "." ? joinChain(base, parts) : joinUnion(base, parts);
  if (joined === undefined || joined.length > LINE_WIDTH) return;
  lines.splice(start - 1, end - start + 2, { text: joined, isAfterCut: false });
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

const isPart = (text: string | undefined): boolean => /^\s+(\.\w|\| )/.test(text ?? "");

const isBalanced = (text: string): boolean =>
  text.replaceAll(/[^([{]/g, "").length === text.replaceAll(/[^)\]}]/g, "").length;

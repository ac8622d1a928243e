// Follows a recipe of a README in a created project: writes its blocks into the files that they name, and runs its commands.
import { join } from "node:path";
import { type Project, textOf } from "../contract/project.ts";
import { Session } from "../readme/session.ts";

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The first line of a block: the file, and where in the file the lines belong if it exists already. */
const FIRST_LINE = /^(?:\/\/|#|\/\*) (?<file>[\w./-]+)(?:: .*|, (?<place>.*?))(?: \*\/)?\n/;

/** @throws if the README has no such recipe, or a block does not say where it belongs. */
export async function follow(project: Project, recipe: string): Promise<void> {
  const blocks = blocksOf(await textOf(project, "README.md"), recipe);
  if (blocks.length === 0) throw new Error(`The README has no recipe "${recipe}" with blocks.`);
  await using session = new Session(project.directory);
  for (const { language, text } of blocks) {
    if (language !== "bash") await write(project, text);
    else for (const command of text.trim().split("\n")) await session.run(command);
  }
}

/** The blocks between the recipe's title, which is bold or a heading, and the next title. A list indents its blocks. */
function blocksOf(readme: string, recipe: string): readonly Block[] {
  const title = RegExp.escape(recipe);
  const [, section = ""] = readme.split(
    new RegExp(`^(?:\\*\\*${title}\\.\\*\\* |## Recipe: ${title}\n)`, "m"),
  );
  const [body = ""] = section.split(/^(?:\*\*|## )/m);
  const found = body.matchAll(/^(?<indent> *)```(?<language>\w+)\n(?<text>.*?)^ *```$/gms);
  return Array.from(found, ({ groups: { indent = "", language = "", text = "" } = {} }) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

async function write(project: Project, block: string): Promise<void> {
  const { file, place } = FIRST_LINE.exec(block)?.groups ?? {};
  if (file === undefined) throw new Error(`The block does not name its file:\n${block}`);
  const lines = block.slice(block.indexOf("\n") + 1);
  const text = place === undefined ? block : insert(await textOf(project, file), lines, place);
  await Bun.write(join(project.directory, file), text);
}

/** Inserts lines into a file, at the position that a recipe describes. */
function insert(text: string, lines: string, place: string): string {
  if (place === "as its first line") return lines + text;
  if (place === "as its last lines") return text + lines;
  const old = /^instead of `(.+)`$/.exec(place)?.[1];
  if (old !== undefined) return replaceLine(text, old, lines);
  const next = /^before `(.+)`$/.exec(place)?.[1];
  const list = /^in `(\w+)`$/.exec(place)?.[1];
  const other = /^with the other (\w+)$/.exec(place)?.[1];
  const first = { imports: /^import /m, routes: /^ *\.route\(/m }[other ?? ""];
  const start = next === undefined ? first : new RegExp(`^ *${RegExp.escape(next)}`, "m");
  const before = list === undefined ? start : new RegExp(`(?<=\\b${list}\\b.*[[{])`);
  const index = before ? text.search(before) : -1;
  if (index < 0) throw new Error(`There is no such place: ${place}`);
  const after = text.slice(index);
  const [indent = ""] = /^ */.exec(after) ?? [];
  const indented = lines.startsWith(indent) ? lines : lines.replaceAll(/^(?=.)/gm, indent);
  return `${text.slice(0, index)}${list === undefined ? "" : "\n"}${indented}${after}`;
}

/** @param start how the only line begins that is replaced. */
function replaceLine(text: string, start: string, lines: string): string {
  const [before, after, ...others] = text.split(
    new RegExp(`^${RegExp.escape(start)}\\b.*\\n`, "m"),
  );
  if (before === undefined || after === undefined || others.length > 0) {
    throw new Error(`Not exactly one line begins with ${start}.`);
  }
  return before + lines + after;
}

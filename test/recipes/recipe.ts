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

/** The blocks between the recipe's bold title and the next title. */
function blocksOf(readme: string, recipe: string): readonly Block[] {
  const [, section = ""] = readme.split(`\n**${recipe}.** `);
  const [body = ""] = section.split(/^(?:\*\*|## )/m);
  const found = body.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gms);
  return Array.from(found, ({ groups }) => groups as unknown as Block);
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

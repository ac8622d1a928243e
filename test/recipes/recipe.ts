// Follows a recipe of a README in a created project: writes its blocks into the files that they name, applies its diffs,
// and runs its commands.
import { join } from "node:path";
import { shell } from "../contract/command.ts";
import { type Project, textOf } from "../contract/project.ts";

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The first line of a block: the file, and where in the file the lines belong if it exists already. */
const FIRST_LINE = /^(?:\/\/|--|#|\/\*) (?<file>[\w./*-]+)(?:: .*|, (?<place>.*?))?(?: \*\/)?\n/;
/** The titles of recipes: a heading or bold text, which ends the recipe before it. */
const TITLES = [
  { before: "### ", after: "\n", end: /^##+ /m },
  { before: "## Recipe: ", after: "\n", end: /^## /m },
  { before: "**", after: ".** ", end: /^(?:\*\*|## )/m },
];

/** @throws if the README has no such recipe, or a block does not say where it belongs. */
export async function follow(project: Project, recipe: string): Promise<void> {
  for (const block of await blocksOf(project, recipe)) await followBlock(project, block);
}

export async function followBlock(project: Project, block: Block): Promise<void> {
  const { language, text } = block;
  const { file, place } = FIRST_LINE.exec(text)?.groups ?? {};
  // A file of the machine, such as a unit of systemd.
  if (language === "ini") return;
  if (language === "diff") await applyDiff(project, text);
  else if (file !== undefined) await write(project, file, place, text);
  else if (!["sh", "bash"].includes(language)) {
    throw new Error(`The block does not name its file:\n${text}`);
  } else {
    const { exitCode, output } = await shell(project.directory, text);
    if (exitCode !== 0) throw new Error(`${text}exits with ${exitCode}:\n${output}`);
  }
}

/** The blocks of a recipe. A list indents its blocks. @throws if the README has no such recipe. */
export async function blocksOf(project: Project, recipe: string): Promise<readonly Block[]> {
  const readme = await textOf(project, "README.md");
  const bodies = TITLES.flatMap(({ before, after, end }) => {
    const [, section] = `\n${readme}`.split(`\n${before}${recipe}${after}`);
    return section?.split(end)[0] ?? [];
  });
  const found = (bodies[0] ?? "").matchAll(
    /^(?<indent> *)```(?<language>\w+)\n(?<text>.*?)^ *```$/gms,
  );
  const blocks = Array.from(
    found,
    ({ groups: { indent = "", language = "", text = "" } = {} }) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
  if (blocks.length === 0) throw new Error(`The README has no recipe "${recipe}" with blocks.`);
  return blocks;
}

/** Applies a diff without line numbers. A hunk has changed lines, and the lines around them; its first line is unique. */
async function applyDiff(project: Project, diff: string): Promise<void> {
  const [, file, body] = diff.split(/^\+\+\+ b\/(.+)\n/m);
  if (file === undefined || body === undefined) throw new Error(`The diff names no file:\n${diff}`);
  const hunks = body.match(/(?:^ .*\n)*(?:^[+-].*\n)+(?:^ .*\n)*/gm) ?? [];
  if (hunks.length === 0) throw new Error(`The diff changes nothing:\n${diff}`);
  let source = `\n${await textOf(project, file)}`;
  for (const hunk of hunks) {
    const side = (marks: string) =>
      hunk
        .trimEnd()
        .split("\n")
        .filter((line) => marks.includes(line.charAt(0)))
        .map((line) => `\n${line.slice(1)}`)
        .join("");
    const [before, after, ...others] = source.split(side(" -"));
    if (before === undefined || after === undefined || others.length > 0) {
      throw new Error(`${file} does not contain these lines exactly once:${side(" -")}`);
    }
    source = before + side(" +") + after;
  }
  await Bun.write(join(project.directory, file), source.slice(1));
}

/** Writes a block into its file: a pattern for a file that a command has created, a new file, or lines at a place. */
async function write(
  project: Project,
  pattern: string,
  place: string | undefined,
  block: string,
): Promise<void> {
  const [existing] = new Bun.Glob(pattern).scanSync(project.directory);
  const file = existing ?? pattern;
  if (file.includes("*")) throw new Error(`No file matches ${pattern}.`);
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

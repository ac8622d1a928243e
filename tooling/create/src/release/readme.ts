// Writes the README's tables of starters and options from the templates and the command. `--check` only compares.
import { join, resolve } from "node:path";
import { command } from "../command/definition.ts";
import { aligned } from "../flatten/markdown-tables.ts";
import { openClone } from "../sources/clone.ts";
import type { Template } from "../sources/templates.ts";

const root = resolve(import.meta.dir, "../../../..");

function startersTable(templates: readonly Template[]): string {
  return table(
    ["starter", "what it is", "features that you can leave out"],
    templates.map(({ name, description, features }) => [
      `[\`${name}\`](templates/${name}/README.md)`,
      description,
      features.map((feature) => `\`${feature.name}\``).join(", "),
    ]),
  );
}

function optionsTable(): string {
  const { directory, ...flags } = command.args;
  return table(
    ["option", "meaning"],
    [
      ["`[directory]`", directory.description],
      ...Object.entries(flags).map(([name, flag]) => [
        "valueHint" in flag ? `\`--${name} <${flag.valueHint}>\`` : `\`--${name}\``,
        flag.description,
      ]),
    ],
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return aligned([head, head.map(() => "---"), ...rows].map(line)).join("\n");
}

/** Replaces the text between `<!-- name -->` and `<!-- /name -->`. */
function fill(markdown: string, name: string, content: string): string {
  const block = new RegExp(`(<!-- ${name} -->\n).*(<!-- /${name} -->)`, "s");
  if (!block.test(markdown)) throw new Error(`README.md has no block <!-- ${name} -->.`);
  return markdown.replace(block, (_, open, close) => `${open}\n${content}\n\n${close}`);
}

const file = Bun.file(join(root, "README.md"));
const before = await file.text();
const withStarters = fill(before, "starters", startersTable(await openClone(root).list()));
const after = fill(withStarters, "options", optionsTable());
if (process.argv.includes("--check")) {
  if (after !== before) {
    console.error("The tables of README.md are out of date. Run: bun run readme");
    process.exit(1);
  }
} else await file.write(after);

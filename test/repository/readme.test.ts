// The READMEs are true about starters, options and commands, and the changelog mentions every starter.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { readText, repositoryFiles, root, templateNames } from "../workspaces.ts";

/** Cells of the rows of the first table under a heading. */
function tableUnder(heading: string, markdown: string): readonly (readonly string[])[] {
  const section = markdown.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("the tables of starters and options are what the templates and the command say", async () => {
  const check = Bun.spawn([process.execPath, "tooling/create/src/release/readme.ts", "--check"], {
    cwd: root,
    stderr: "pipe",
  });
  expect(await check.stderr.text()).toBe("");
  expect(await check.exited).toBe(0);
});

test("each starter's row links to its folder", async () => {
  const rows = tableUnder("Starters", await readText("README.md"));
  for (const name of templateNames()) {
    const row = rows.find(([first]) => first?.includes(`\`${name}\``));
    const target = /\]\(([^)]+)\)/.exec(row?.[0] ?? "")?.[1] ?? "no link";
    expect(target, `README.md: link ${name} to its folder`).toStartWith(`templates/${name}`);
    expect(existsSync(join(root, target)), `README.md: ${target} does not exist`).toBe(true);
  }
});

test("a block of commands that can be run as they are is marked `sh`, so that it is tested", async () => {
  const readmes = (await repositoryFiles()).filter((path) => /(^|\/)README\.md$/.test(path));
  const problems: string[] = [];
  for (const path of readmes) {
    for (const [, mark, block = ""] of (await readText(path)).matchAll(
      /^```(\w*)\n(.*?)^```$/gms,
    )) {
      if (mark !== "") continue;
      const commands = block
        .split("\n")
        .filter((line) => /^(bunx?|npx?|npm|git|curl|docker|turbo) [^<[]+$/.test(line));
      problems.push(...commands.map((line) => `${path}: mark the block with \`${line}\` as sh`));
    }
  }
  expect(problems).toEqual([]);
});

test("every relative link and picture of the documents leads to a file", async () => {
  // The links in files for created projects are relative to the project.
  const documents = (await repositoryFiles()).filter(
    (path) => path.endsWith(".md") && !/\/(content|files|fixtures)\//.test(path),
  );
  const problems: string[] = [];
  for (const path of documents) {
    const text = (await readText(path)).replaceAll(/^```.*?^```$|`[^`\n]*`/gms, "");
    const targets = text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g);
    for (const [, link = "", attribute = ""] of targets) {
      const [file = ""] = (link || attribute).split("#");
      if (file === "" || /^[a-z]+:/.test(file)) continue;
      if (!existsSync(join(root, dirname(path), file)))
        problems.push(`${path}: ${file} is missing`);
    }
  }
  expect(problems).toEqual([]);
});

test("the changelog has a line for each starter", async () => {
  const changelog = await readText("CHANGELOG.md");
  const problems = templateNames()
    .filter((name) => !changelog.includes(`starter \`${name}\``))
    .map((name) => `CHANGELOG.md: say that there is a starter \`${name}\``);
  expect(problems).toEqual([]);
});

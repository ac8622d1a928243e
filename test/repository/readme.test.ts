// The README's table of starters is what `create --list` says, and the changelog knows them all.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readText, root, templateNames } from "../workspaces.ts";

interface Listed {
  readonly name: string;
  readonly description: string;
}

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

async function listed(): Promise<readonly Listed[]> {
  const create = Bun.spawn([process.execPath, "tooling/create/src/main.ts", "--list", "--json"], {
    cwd: root,
    stderr: "inherit",
  });
  return await create.stdout.json();
}

test("the table of starters is the list of create", async () => {
  const table = tableUnder("Starters", await readText("README.md")).map(([first = "", second]) => ({
    name: /`([^`]+)`/.exec(first)?.[1],
    description: second,
  }));
  const list = (await listed()).map(({ name, description }) => ({ name, description }));
  expect(table.toSorted(byName)).toEqual(list.toSorted(byName));
}, 60_000);

test("each starter's row links to its folder", async () => {
  const rows = tableUnder("Starters", await readText("README.md"));
  for (const name of templateNames()) {
    const row = rows.find(([first]) => first?.includes(`\`${name}\``));
    const target = /\]\(([^)]+)\)/.exec(row?.[0] ?? "")?.[1] ?? "no link";
    expect(target, `README.md: link ${name} to its folder`).toStartWith(`templates/${name}`);
    expect(existsSync(join(root, target)), `README.md: ${target} does not exist`).toBe(true);
  }
});

test("the changelog has a line for each starter", async () => {
  const changelog = await readText("CHANGELOG.md");
  const problems = templateNames()
    .filter((name) => !changelog.includes(`starter \`${name}\``))
    .map((name) => `CHANGELOG.md: say that there is a starter \`${name}\``);
  expect(problems).toEqual([]);
});

function byName(a: { name?: string | undefined }, b: { name?: string | undefined }): number {
  return (a.name ?? "").localeCompare(b.name ?? "");
}

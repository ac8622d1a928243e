// Follows the recipe "Add a format" of the README step by step, in a copy of this project.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bun, COMMAND_TIMEOUT, command } from "./command.ts";
import { Project } from "./project.ts";

// Long, because the recipe runs all hosts.
setDefaultTimeout(3 * COMMAND_TIMEOUT);

const readme = readFileSync(join(import.meta.dir, "../README.md"), "utf8");

interface Block {
  readonly language: string;
  readonly text: string;
}

/** Returns the code blocks of a section. */
function blocksOf(section: string): readonly Block[] {
  const [, after = ""] = readme.split(`### ${section}\n`);
  const [body = ""] = after.split(/^##+ /m);
  return [...body.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```/gm)].map(
    ([, indent = "", language = "", text = ""]) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

/** Follows one code block: runs its commands, writes the file that its first comment names, or applies its diff. */
async function follow(project: Project, { language, text }: Block): Promise<void> {
  const path = /^\/\/ ([\w./-]+\.\w+)/.exec(text)?.[1];
  if (path !== undefined) return project.write({ [path]: text });
  if (language === "diff") return change(project, text);
  const { exitCode, stdout, stderr } = await command(project.path, ["sh", "-euc", text]);
  expect(exitCode, `${text}${stdout}${stderr}`).toBe(0);
}

/** Inserts the added lines before the line that follows them. */
function change(project: Project, diff: string): Promise<void> {
  const path = /^\+\+\+ b\/(.*)$/m.exec(diff)?.[1] ?? "";
  const additions = [...diff.matchAll(/^\+(?!\+\+)(.*)\n (.*)$/gm)];
  expect(additions).not.toBeEmpty();
  return project.edit(path, (source) =>
    additions.reduce((text, [, added = "", next = ""]) => {
      expect(text).toContain(`\n${next}`);
      return text.replace(`\n${next}`, `\n${added}\n${next}`);
    }, source),
  );
}

const blocks = blocksOf("Add a format");

// Skipped if you remove the recipe from the README.
test.skipIf(blocks.length === 0)("add a format", async () => {
  using project = await Project.copy();
  for (const block of blocks) await follow(project, block);
  const prices = "name,price\ntea,3\n";
  await project.write({ "content/prices.csv": prices });
  const tsc = await bun(project.path, "x", "tsc");
  expect(tsc).toMatchObject({ exitCode: 0, stdout: "" });
  const types = await bun(project.path, "src/command.ts", "content");
  expect(types).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("prices.d.csv.ts") });
  await project.write({ "content/prices.csv": "name,price,price\ntea,3,4\n" });
  const duplicate = await bun(project.path, "src/command.ts", "content");
  expect(duplicate).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("prices.csv:1:1: two columns"),
  });
  // #region site
  const graph = await bun(project.path, "run", "graph", "--check");
  expect(graph).toMatchObject({ exitCode: 0 });
  await project.write({ "site/prices.csv": prices });
  await project.edit(
    "site/main.ts",
    (text) => `import prices from "./prices.csv";
${text}
console.log(prices);
`,
  );
  expect(await bun(project.path, "types.ts")).toMatchObject({ exitCode: 0 });
  const built = await project.build("--only=site");
  expect(built).toMatchObject({ exitCode: 0 });
  const scripts = [...new Bun.Glob("dist/site/*.js").scanSync(project.path)];
  const texts = await Promise.all(scripts.map((path) => project.text(path)));
  expect(texts.some((text) => text.includes('name:"tea",price:"3"'))).toBe(true);
  // #endregion
});

// The recipe of build-plugin's README is followed block by block in a created project, whose own tests must still pass.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { type Project, textOf } from "../contract/project.ts";
import { follow } from "./recipe.ts";
import { formatsAndChecks, openStarter, run } from "./starter.ts";

const { create, withoutFeatures } = await openStarter("build-plugin");

const PRICES = "name,price\ntea,3\n";

/** Like a user after the recipe, which runs the tests of the hosts: formats, checks, builds, and runs the others that a new format can break. */
async function finish(project: Project): Promise<void> {
  await formatsAndChecks(project);
  const { directory } = project;
  await run(directory, "run", "build");
  await run(directory, "test", "test/types.test.ts", "test/plugin-types.test.ts");
}

/** Generates declarations of the content, and expects an error for two columns with the same name. */
async function declaresItsContent({ directory }: Project): Promise<void> {
  const file = join(directory, "content/prices.csv");
  await Bun.write(file, PRICES);
  const types = await run(directory, "src/command.ts", "content");
  expect(types).toContain("prices.d.csv.ts");
  await Bun.write(file, "name,price,price\ntea,3,4\n");
  const { exitCode, output } = await bun(directory, "src/command.ts", "content");
  expect(output).toContain("prices.csv:1:1: two columns");
  expect(exitCode).toBe(1);
}

test(
  "Add a format, in a project with every feature",
  async () => {
    const project = await create("site");
    await follow(project, "Add a format");
    await finish(project);
    await declaresItsContent(project);
    const { directory } = project;
    await run(directory, "run", "graph", "--check");
    await Bun.write(join(directory, "site/prices.csv"), PRICES);
    const main = await textOf(project, "site/main.ts");
    const used = `import prices from "./prices.csv";\n${main}\nconsole.log(prices);\n`;
    await Bun.write(join(directory, "site/main.ts"), used);
    await run(directory, "types.ts");
    await run(directory, "run", "build", "--only=site");
    const scripts = await Array.fromAsync(new Bun.Glob("dist/site/*.js").scan(directory));
    const texts = await Promise.all(scripts.map((path) => textOf(project, path)));
    expect(texts.filter((text) => text.includes('name:"tea",price:"3"'))).toHaveLength(1);
  },
  COMMAND_TIMEOUT,
);

test(
  "Add a format, in a project without its features",
  async () => {
    const project = await create("library", ...withoutFeatures);
    await follow(project, "Add a format");
    await finish(project);
    await declaresItsContent(project);
  },
  COMMAND_TIMEOUT,
);

// `bun run types` writes the declarations of the site's content, and `bun run check` fails if they are out of date.
import { expect, setDefaultTimeout, test } from "bun:test";
import { bun, COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

test("after a change of content, the check fails until `bun run types` has run", async () => {
  using project = await Project.copy();
  const types = (...options: string[]) => bun(project.path, "types.ts", ...options);
  await project.write({ "site/public/copied.jsonl": "not content" });
  expect(await types("--check")).toMatchObject({ exitCode: 0 });
  await project.edit("site/content/later.jsonl", (text) => text.replace("text", "title"));
  await project.write({
    "site/content/new.jsonl": "1\n",
    "site/content/gone.d.jsonl.ts": "// Generated from the file beside it.\n",
  });
  const { exitCode, stderr } = await bun(project.path, "run", "check");
  expect(exitCode).toBe(1);
  for (const name of ["later.d.jsonl.ts", "new.d.jsonl.ts", "gone.d.jsonl.ts"]) {
    expect(stderr).toContain(`site/content/${name}`);
  }
  expect(await types()).toMatchObject({ exitCode: 0 });
  expect(await types("--check")).toMatchObject({ exitCode: 0 });
  expect(await project.text("site/content/later.d.jsonl.ts")).toContain("readonly title: string");
});

// #region yaml
test("the schema of a collection applies only to files of its format", async () => {
  using project = await Project.copy();
  await project.edit("site/collections.ts", (text) =>
    text.replace(/const filter = .+;/, "const filter = /[/\\\\]content[/\\\\](people|links)/;"),
  );
  await project.write({ "site/content/links.yaml": "bun: https://bun.com\n" });
  expect(await bun(project.path, "types.ts")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await project.text("site/content/links.d.yaml.ts")).toContain("readonly bun: string");
  expect(await project.text("site/content/people.d.jsonl.ts")).toContain(".people;");
});

// #endregion
test("tsc reports wrong uses of content", async () => {
  using project = await Project.copy();
  await project.write({
    "site/wrong.ts": `import later from "./content/later.jsonl";
import people from "./content/people.jsonl";
export const misspelt = later[0]?.txet;
export const mistaken: number | undefined = later[0]?.text;
export const role: "author" | undefined = people[0]?.role;\n`,
    "tsconfig.wrong.json": '{ "extends": "./tsconfig.json", "include": ["site/wrong.ts"] }',
  });
  const { exitCode, stdout } = await bun(project.path, "x", "tsc", "-p", "tsconfig.wrong.json");
  expect(exitCode).not.toBe(0);
  const lines = [...stdout.matchAll(/wrong\.ts\((\d+)/g)].map(([, line]) => line);
  expect(lines).toEqual(["3", "4", "5"]);
});

test("invalid content is reported with its position", async () => {
  using project = await Project.copy();
  await project.edit("site/content/people.jsonl", (text) => text.replace("editor", "reader"));
  const { exitCode, stderr } = await bun(project.path, "run", "types");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("site/content/people.jsonl:2:1: ");
  expect(stderr).not.toMatch(/^ +at /m);
});

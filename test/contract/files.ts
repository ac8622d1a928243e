// Files and scripts that every project has.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { manifestOf, missingFrom, type Project } from "./project.ts";

const everywhere = ["README.md", "AGENTS.md", "package.json", "tsconfig.json"];
const ofServices = [".env.example", "Dockerfile", ".dockerignore", "compose.yaml"];
const scripts = ["dev", "build", "test", "typecheck", "lint", "format", "check"];

export function hasFilesAndScripts(project: Project): void {
  test("has the files that every project has", async () => {
    const expected = project.service ? [...everywhere, ...ofServices] : everywhere;
    expect(await missingFrom(project, expected)).toEqual([]);
  });

  test("has tests", () => {
    const tests = new Bun.Glob("{src,test,tests}/**/*.test.{ts,tsx}").scanSync({
      cwd: project.directory,
    });
    expect([...tests]).not.toBeEmpty();
  });

  test("has the scripts that every project has", async () => {
    const { scripts: found = {}, description } = await manifestOf(project);
    expect(scripts.filter((name) => !(name in found))).toEqual([]);
    expect(description).toBeString();
  });

  test("`bun run test` is `bun test`", async () => {
    expect((await manifestOf(project)).scripts?.test).toEndWith("bun test");
  });
}

/** Names of test files that take less than a second. Every project has one of them. */
const quick = ["env", "frame", "arguments"];

/** Path of a quick test file of a project, relative to its folder. */
export function quickTest(folder: string): string {
  const files = quick.map((name) => `test/${name}.test.ts`);
  const found = files.find((file) => existsSync(join(folder, file)));
  if (found === undefined) throw new Error(`${folder} has none of ${files.join(", ")}`);
  return found;
}

// Files and scripts that every project has.
import { expect, test } from "bun:test";
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

// A created project stands on its own: nothing of the repository is left in it but its stamp.
import { expect, test } from "bun:test";
import { manifestOf, missingFrom, type Project, textOf } from "./project.ts";

const added = [
  "biome.json",
  ".editorconfig",
  ".gitignore",
  ".github/workflows/ci.yml",
  ".vscode/extensions.json",
  ".vscode/launch.json",
  ".vscode/settings.json",
  "bun.lock",
];

/** @param packageName what its package.json has to call it */
export function standsAlone(project: Project, packageName = `my-${project.name}`): void {
  test("has the files that create adds", async () => {
    expect(await missingFrom(project, added)).toEqual([]);
  });

  test("its package.json has its name, its origin and only published, exact dependencies", async () => {
    const { name, bunyard, dependencies, devDependencies } = await manifestOf(project);
    expect(name).toBe(packageName);
    expect(bunyard).toEqual({
      template: project.name,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    const versions = Object.entries({ ...dependencies, ...devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+/.test(version))).toEqual([]);
  });

  test("its imports map leads to files of its own", async () => {
    const targets = Object.values((await manifestOf(project)).imports ?? {});
    expect(targets.filter((target) => !target.startsWith("./"))).toEqual([]);
    expect(await missingFrom(project, targets)).toEqual([]);
  });

  test("its tsconfig.json is one strict file", async () => {
    const { extends: base, compilerOptions } = Bun.JSONC.parse(
      await textOf(project, "tsconfig.json"),
    ) as {
      extends?: string;
      compilerOptions: object;
    };
    expect(base).toBeUndefined();
    expect(compilerOptions).toMatchObject({
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
    });
  });

  test("none of its files refers to the repository's packages", async () => {
    const files = new Bun.Glob("**/*").scan({ cwd: project.directory, dot: true });
    const traces: string[] = [];
    for await (const file of files) {
      if (/(^|[/\\])(node_modules|dist|\.cache|\.git)[/\\]/.test(file)) continue;
      if (/@bunyard\/|workspace:\*/.test(await textOf(project, file))) traces.push(file);
    }
    expect(traces).toEqual([]);
  });
}

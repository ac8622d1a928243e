// A created project stands on its own: its stamp is the only trace of the repository.
import { expect, test } from "bun:test";
import { manifestOf, missingFrom, type Project, textOf } from "./project.ts";

const added = [
  "biome.json",
  ".editorconfig",
  ".gitattributes",
  ".github/dependabot.yml",
  ".gitignore",
  "LICENSE",
  ".github/workflows/ci.yml",
  ".vscode/extensions.json",
  ".vscode/launch.json",
  ".vscode/settings.json",
  "bun.lock",
];

/** @param project created with the name `my-<template>` */
export function standsAlone(project: Project): void {
  const packageName = `my-${project.name}`;

  test("has the files that create adds", async () => {
    expect(await missingFrom(project, added)).toEqual([]);
  });

  test("its package.json has its name, its origin and only published, exact dependencies", async () => {
    const { name, bunyard, engines, dependencies, devDependencies } = await manifestOf(project);
    expect(name).toBe(packageName);
    expect(bunyard).toEqual({
      template: project.name,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      without: [],
    });
    expect(engines).toMatchObject({ bun: ">=1.4.5" });
    const versions = Object.entries({ ...dependencies, ...devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+/.test(version))).toEqual([]);
  });

  test("its README and its licence bear its name", async () => {
    expect(await textOf(project, "README.md")).toStartWith(`# ${packageName}\n`);
    const license = await textOf(project, "LICENSE");
    expect(license).toStartWith(`${(await manifestOf(project)).license} License\n`);
    expect(license).toContain(`the ${packageName} authors`);
  });

  test("its imports map leads to files of the project", async () => {
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

// Imports are declared where they are used, and `imports` maps list exactly what is used.
import { expect, test } from "bun:test";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path/posix";
import {
  type Manifest,
  readManifest,
  readPreloads,
  readText,
  readWorkspaces,
  repositoryFiles,
  root,
} from "../workspaces.ts";

const workspaces = await readWorkspaces();
const shared = await readManifest(join(root, "packages/shared"));
const sources = (await repositoryFiles()).filter((path) => /\.[cm]?tsx?$/.test(path));

interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** Every import of a source file, type-only imports included. */
async function importsOf(file: string): Promise<readonly Import[]> {
  // The scanner refuses a shebang and omits type-only imports, so remove both before scanning.
  const text = (await readText(file))
    .replace(/^#!.*/, "")
    .replaceAll(/^(import|export(?= type [{*])) type /gm, "$1 ");
  const scanner = new Bun.Transpiler({
    loader: file.endsWith("x") ? "tsx" : "ts",
    tsconfig: { compilerOptions: { verbatimModuleSyntax: true } },
  } as Bun.TranspilerOptions);
  return scanner.scanImports(text).map(({ path }) => ({ file, specifier: path }));
}

const imports = (await Promise.all(sources.map(importsOf))).flat();

function workspaceOf(file: string) {
  const inside = workspaces.filter(({ directory }) => file.startsWith(`${directory}/`));
  return inside.toSorted((a, b) => b.directory.length - a.directory.length)[0] ?? workspaces[0];
}

const isPackage = (specifier: string) =>
  !/^[./#]|^[a-z]+:/.test(specifier) && specifier !== "bun" && !isBuiltin(specifier);

const packageOf = (specifier: string) =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

function declares(manifest: Manifest, name: string): boolean {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest;
  const declared = {
    ...dependencies,
    ...devDependencies,
    ...peerDependencies,
    ...optionalDependencies,
  };
  return name === manifest.name || name in declared;
}

test("every package that is imported is declared in the workspace that imports it", () => {
  const problems = imports
    .filter(({ specifier }) => isPackage(specifier))
    .flatMap(({ file, specifier }) => {
      const workspace = workspaceOf(file);
      const name = packageOf(specifier);
      if (workspace === undefined || declares(workspace.manifest, name)) return [];
      return [`${file}: declare ${name} in ${workspace.directory}/package.json`];
    });
  expect(problems).toEqual([]);
});

test("no import leaves its workspace by a path", () => {
  const problems = imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .filter(
      ({ file, specifier }) => workspaceOf(join(dirname(file), specifier)) !== workspaceOf(file),
    )
    .map(({ file, specifier }) => `${file}: import ${specifier} by the name of its workspace`);
  expect(problems).toEqual([]);
});

/** These modules, followed by the shared modules that they import, directly or indirectly. */
function withImported(modules: readonly string[]): readonly string[] {
  const reached = new Set(modules);
  for (const module of reached) {
    for (const { file, specifier } of imports) {
      if (file === module && specifier.startsWith(".")) {
        reached.add(join(dirname(file), specifier));
      }
    }
  }
  return [...reached];
}

for (const { directory, manifest } of workspaces.filter(({ directory }) =>
  directory.startsWith("templates/"),
)) {
  const imported = imports
    .filter(({ file }) => file.startsWith(`${directory}/`))
    .map(({ specifier }) => specifier);
  const { programs, tests } = await readPreloads(directory);
  const used = new Set(
    [...imported, ...programs, ...tests].filter((specifier) => specifier.startsWith("#")),
  );
  const mapped = Object.entries(manifest.imports ?? {});

  test(`${directory}: its imports map names shared modules, and just those that it uses`, () => {
    const problems = [
      ...mapped
        .filter(([, target]) => target.startsWith(`${shared.name}/`))
        .filter(
          ([, target]) =>
            !(`./${target.slice(`${shared.name}/`.length)}` in (shared.exports ?? {})),
        )
        .map(([key, target]) => `${key}: packages/shared does not export ${target}`),
      ...mapped
        .filter(([key]) => key.startsWith("#lib/"))
        .filter(([key, target]) => target !== `${shared.name}/${key.slice("#lib/".length)}`)
        .map(([key]) => `${key}: map it to the shared module of the same name`),
      ...mapped
        .filter(([key]) => !used.has(key))
        .map(([key]) => `${key}: nothing imports it; remove it`),
      ...[...used]
        .filter((key) => !(key in (manifest.imports ?? {})))
        .map((key) => `${key}: add it`),
    ].map((problem) => `${directory}/package.json imports ${problem}`);
    expect(problems).toEqual([]);
  });

  test(`${directory}: declares what the shared modules that it uses import`, async () => {
    const modules = mapped
      .filter(([, target]) => target.startsWith(`${shared.name}/`))
      .map(([, target]) => `packages/shared/src/${target.slice(`${shared.name}/`.length)}.ts`);
    const problems = (await Promise.all(withImported(modules).map(importsOf)))
      .flat()
      .filter(({ specifier }) => isPackage(specifier))
      .filter(({ specifier }) => !declares(manifest, packageOf(specifier)))
      .map(
        ({ file, specifier }) =>
          `${directory}/package.json: declare ${packageOf(specifier)}, ${file} needs it`,
      );
    expect(problems).toEqual([]);
  });

  test(`${directory}: reaches shared modules through its imports map only`, () => {
    const problems = imports
      .filter(({ file }) => file.startsWith(`${directory}/`))
      .filter(({ specifier }) => packageOf(specifier) === shared.name)
      .map(
        ({ file, specifier }) => `${file}: import ${specifier} through "imports" in package.json`,
      );
    expect(problems).toEqual([]);
  });
}

// The published package: packed, checked by publint and arethetypeswrong, installed and used in another project.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { bun, COMMAND_TIMEOUT, command, hasNode } from "./command.ts";
import { Folder } from "./folder.ts";
import { HOST_FILES } from "./hosts.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const project = await Project.copy();
const user = new Folder();
let tarball: Uint8Array<ArrayBuffer>;
let manifest: { readonly name: string; readonly files: readonly string[] };

beforeAll(async () => {
  // A version that only a workspace can resolve cannot be packed in a copy.
  await project.edit("package.json", (text) => {
    const { devDependencies: _, ...kept } = JSON.parse(text);
    return JSON.stringify(kept, null, 2);
  });
  // The owner may have changed both, and a project that is part of a workspace may have no LICENSE of its own.
  const license = "Copyright (c) the old-name authors\n";
  await project.write({ "NPM.md": "# your-package\n", LICENSE: license });
  const { exitCode, stderr } = await project.build("--only=library");
  expect(exitCode, stderr).toBe(0);
  // `prepack` and `postpack` without the checks, for which the copy has no configuration.
  const readme = await project.text("README.md");
  await bun(project.path, "scripts/pack.ts", "before");
  const pack = ["pm", "pack", "--quiet", "--ignore-scripts", "--filename", "package.tgz"];
  const packed = await bun(project.path, ...pack);
  await bun(project.path, "scripts/pack.ts", "after");
  expect(packed.exitCode, packed.stderr).toBe(0);
  expect(await project.text("README.md")).toBe(readme);
  tarball = await Bun.file(project.at("package.tgz")).bytes();
  manifest = JSON.parse(await project.text("package.json"));
  await user.write({
    "package.json": JSON.stringify({
      type: "module",
      dependencies: { [manifest.name]: `file:${project.at("package.tgz")}` },
    }),
    "a.jsonl": '"Ada"\n"Grace"\n',
    "wrong.jsonl": '"Ada"\n"Grace',
  });
  const installed = await bun(user.path, "install");
  expect(installed.exitCode, installed.stderr).toBe(0);
});
afterAll(() => {
  project[Symbol.dispose]();
  user[Symbol.dispose]();
});

test("contains only the built library, its README and its LICENSE", async () => {
  const files = await new Bun.Archive(tarball).files();
  const text = (path: string) => files.get(`package/${path}`)?.text();
  expect(await text("README.md")).toBe(`# ${manifest.name}\n`);
  expect(await text("LICENSE")).toContain(`Copyright (c) the ${manifest.name} authors\n`);
  const { engines } = JSON.parse((await text("package.json")) ?? "");
  expect(engines).toEqual({
    bun: expect.stringMatching(/^>=/),
    node: expect.stringMatching(/^>=/),
  });
  const paths = [...files.keys()].map((path) => path.replace("package/", ""));
  expect(paths).toContain("dist/library/index.js");
  expect(paths).toContain("dist/library/index.d.ts");
  expect(
    paths.filter((path) => !/^(dist\/library\/.+|package\.json|README\.md|LICENSE)$/.test(path)),
  ).toEqual([]);
});

test("a type error leaves the last library as it is", async () => {
  using copy = project.copy();
  await copy.edit("src/frame.ts", (text) => `${text}\nexport const no: number = "";\n`);
  expect(await copy.build("--only=library")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("src/frame.ts("),
  });
  expect(copy.files("dist")).toEqual(project.files("dist"));
});

test("publint finds nothing", async () => {
  const data = tarball.buffer;
  const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("arethetypeswrong finds nothing wrong for ES modules", async () => {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  // The package has no CommonJS, and TypeScript's resolution mode `node10` does not support "exports".
  const about = ["node16-esm", "bundler"];
  const problems = ("problems" in result ? result.problems : []).filter(
    (problem) => !("resolutionKind" in problem) || about.includes(problem.resolutionKind),
  );
  expect(result).toMatchObject({ types: { kind: "included" } });
  expect(problems).toEqual([]);
});

test.each(hasNode ? ["bun", "node"] : ["bun"])("is imported with %s", async (runtime) => {
  await user.write({
    "import.js": `import { ContentError, jsonl } from "${manifest.name}";
console.log(typeof ContentError, jsonl().name);\n`,
  });
  const program = runtime === "bun" ? process.execPath : runtime;
  const { stdout, stderr } = await command(user.path, [program, "import.js"]);
  expect(stdout, stderr).toBe("function jsonl\n");
});

test("registers itself with Bun by `preload`", async () => {
  await user.write({
    "bunfig.toml": `preload = ["${manifest.name}/register"]\n`,
    "register.js": 'import names from "./a.jsonl";\nconsole.log(names.join());\n',
  });
  const { stdout, stderr } = await bun(user.path, "register.js");
  expect(stdout, stderr).toBe("Ada,Grace\n");
});

test("is a plugin for HTML routes by `[serve.static]`", async () => {
  await user.write({
    ...HOST_FILES,
    "bunfig.toml": `[serve.static]\nplugins = ["${manifest.name}/plugin"]\n`,
    "entry.ts": 'import names from "./a.jsonl";\nconsole.log(names[1]);\n',
  });
  const { exitCode, stderr } = await bun(user.path, "serve.ts");
  expect(exitCode, stderr).toBe(0);
  expect(await Bun.file(user.at("out/entry.js")).text()).toContain("Grace");
});

test.skipIf(!hasNode)(
  "bundles with esbuild on Node.js, and reports errors with positions",
  async () => {
    await user.write({
      "esbuild.js": `import { build } from ${JSON.stringify(Bun.resolveSync("esbuild", import.meta.dir))};
import { jsonl } from "${manifest.name}";
for (const file of ["a.jsonl", "wrong.jsonl"]) {
  try {
    const { outputFiles } = await build({
      entryPoints: [file], bundle: true, write: false, format: "esm", logLevel: "silent", plugins: [jsonl()],
    });
    console.log(outputFiles[0].text.includes("Grace"));
  } catch ({ errors }) {
    console.log(errors[0].location.file, errors[0].location.line, errors[0].location.lineText);
  }
}\n`,
    });
    const { stdout, stderr } = await command(user.path, ["node", "esbuild.js"]);
    expect(stdout, stderr).toBe('true\nwrong.jsonl 2 "Grace\n');
  },
);

/** The example in NPM.md of a user's own format. Without it, its test is skipped. */
const example = /^```ts\n(\/\/ plugins\.ts\n[^`]*)/m.exec(
  readFileSync(join(import.meta.dir, "../NPM.md"), "utf8"),
)?.[1];

test.skipIf(example === undefined)("a user's own format works as in NPM.md", async () => {
  await user.write({
    "plugins.ts": example?.replaceAll("your-package", manifest.name) ?? "",
    "own.txt": "hello",
    "own.js": `import plugins from "./plugins.ts";
const { outputs } = await Bun.build({ entrypoints: ["own.txt"], plugins });
console.log(await outputs[0].text());\n`,
  });
  const { stdout, stderr } = await bun(user.path, "own.js");
  expect(stdout, stderr).toContain('"hello"');
});

test("its types need no other types than their own, also in the example of NPM.md", async () => {
  await user.write({
    "plugins.ts": example?.replaceAll("your-package", manifest.name) ?? "",
    "consumer.ts": `import { type BunPlugin, jsonl, type Output, type Schema, writeTypes } from "${manifest.name}";
import plugin from "${manifest.name}/plugin";
import * as rollup from "${manifest.name}/rollup";
import * as vite from "${manifest.name}/vite";
declare const team: Schema<unknown, { size: number }>;
export const plugins: BunPlugin[] = [jsonl({ schema: team }), plugin];
export const others: { name: string }[] = [vite.jsonl(), rollup.jsonl({ schema: team })];
export const size: Output<typeof team>["size"] = 1;
export const types: Promise<{ count: number }> = writeTypes("content");\n`,
  });
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: "NodeNext",
    noEmit: true,
    types: [],
  };
  const files = ["consumer.ts", "plugins.ts"];
  await user.write({ "tsconfig.json": JSON.stringify({ compilerOptions, files }) });
  const tsc = ["x", "tsc", "--project", user.at("tsconfig.json")];
  expect((await bun(import.meta.dir, ...tsc)).stdout).toBe("");
});

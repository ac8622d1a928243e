// The package as it is published: packed, judged by publint and arethetypeswrong, installed and used elsewhere.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { bun, COMMAND_TIMEOUT, command } from "./command.ts";
import { Folder } from "./folder.ts";
import { HOST_FILES } from "./hosts.ts";
import { Project } from "./project.ts";

const project = Project.copy();
const user = new Folder();
let tarball: Uint8Array<ArrayBuffer>;
let manifest: { readonly name: string; readonly files: readonly string[] };

beforeAll(async () => {
  // A package manager has no use for these, and one of them is known in a workspace only.
  await project.edit("package.json", (text) => {
    const { devDependencies: _, ...kept } = JSON.parse(text);
    return JSON.stringify(kept, null, 2);
  });
  await project.build("--only=library");
  const packed = await bun(project.path, "pm", "pack", "--quiet", "--filename", "package.tgz");
  expect(packed.exitCode, packed.stderr).toBe(0);
  tarball = await Bun.file(project.at("package.tgz")).bytes();
  manifest = JSON.parse(await project.text("package.json"));
  await user.write({
    "package.json": JSON.stringify({
      type: "module",
      dependencies: { [manifest.name]: `file:${project.at("package.tgz")}` },
    }),
    "a.yaml": "name: Ada\nfriends: [Grace]\n",
    "a.md": "---\ntitle: T\n---\n# Hi\n",
    "wrong.yaml": "name: [",
  });
  const installed = await bun(user.path, "install");
  expect(installed.exitCode, installed.stderr).toBe(0);
}, COMMAND_TIMEOUT);
afterAll(() => {
  project[Symbol.dispose]();
  user[Symbol.dispose]();
});

test("holds the built library, and nothing else", async () => {
  const paths = [...(await new Bun.Archive(tarball).files()).keys()].map((path) =>
    path.replace("package/", ""),
  );
  expect(paths).toContain("dist/library/index.js");
  expect(paths).toContain("dist/library/index.d.ts");
  expect(
    paths.filter((path) => !/^(dist\/library\/.+|package\.json|README\.md|LICENSE)$/.test(path)),
  ).toEqual([]);
});

test(
  "publint finds nothing",
  async () => {
    const data = tarball.buffer;
    const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  },
  COMMAND_TIMEOUT,
);

test(
  "arethetypeswrong finds nothing wrong for ES modules",
  async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    // The package has no CommonJS, and TypeScript's resolution of 2012 knows no "exports".
    const about = ["node16-esm", "bundler"];
    const problems = ("problems" in result ? result.problems : []).filter(
      (problem) => !("resolutionKind" in problem) || about.includes(problem.resolutionKind),
    );
    expect(result).toMatchObject({ types: { kind: "included" } });
    expect(problems).toEqual([]);
  },
  COMMAND_TIMEOUT,
);

test.each(["bun", "node"])(
  "is imported with %s",
  async (runtime) => {
    await user.write({
      "import.js": `import { ContentError, markdown, yaml } from "${manifest.name}";
console.log(typeof ContentError, yaml().name, markdown().name);\n`,
    });
    const program = runtime === "bun" ? process.execPath : runtime;
    const { stdout, stderr } = await command(user.path, [program, "import.js"]);
    expect(stdout, stderr).toBe("function yaml markdown\n");
  },
  COMMAND_TIMEOUT,
);

test(
  "registers itself with Bun by `preload`",
  async () => {
    await user.write({
      "bunfig.toml": `preload = ["${manifest.name}/register"]\n`,
      "register.js":
        'import { friends } from "./a.yaml";\nimport { html } from "./a.md";\nconsole.log(friends, html);\n',
    });
    const { stdout, stderr } = await bun(user.path, "register.js");
    expect(stdout, stderr).toBe('[ "Grace" ] <h1 id="hi">Hi</h1>\n\n');
  },
  COMMAND_TIMEOUT,
);

test(
  "is a plugin for HTML routes by `[serve.static]`",
  async () => {
    await user.write({
      ...HOST_FILES,
      "bunfig.toml": `[serve.static]\nplugins = ["${manifest.name}/plugin"]\n`,
      "entry.ts": 'import { friends } from "./a.yaml";\nconsole.log(friends[0]);\n',
    });
    const { exitCode, stderr } = await bun(user.path, "serve.ts");
    expect(exitCode, stderr).toBe(0);
    expect(await Bun.file(user.at("out-serve/entry.js")).text()).toContain("Grace");
  },
  COMMAND_TIMEOUT,
);

test(
  "bundles with esbuild on Node.js, with errors in their places",
  async () => {
    await user.write({
      "esbuild.js": `import { build } from ${JSON.stringify(Bun.resolveSync("esbuild", import.meta.dir))};
import { yaml } from "${manifest.name}";
for (const file of ["a.yaml", "wrong.yaml"]) {
  try {
    const { outputFiles } = await build({
      entryPoints: [file], bundle: true, write: false, format: "esm", logLevel: "silent", plugins: [yaml()],
    });
    console.log(outputFiles[0].text.includes("Grace"));
  } catch ({ errors }) {
    console.log(errors[0].location.file, errors[0].location.line, errors[0].location.lineText);
  }
}\n`,
    });
    const { stdout, stderr } = await command(user.path, ["node", "esbuild.js"]);
    expect(stdout, stderr).toBe("true\nwrong.yaml 1 name: [\n");
  },
  COMMAND_TIMEOUT,
);

test(
  "its types need no other types than their own",
  async () => {
    await user.write({
      "types.ts": `import { declaration, type LoaderPlugin, markdown, type Output, yaml } from "${manifest.name}";
import plugin from "${manifest.name}/plugin";
import type { Schema } from "${manifest.name}";
declare const team: Schema<unknown, { size: number }>;
export const plugins: LoaderPlugin[] = [yaml({ schema: team }), markdown({ trustHtml: true }), plugin];
export const size: Output<typeof team>["size"] = 1;
export const text: string = declaration({ document: {} });\n`,
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          strict: true,
          exactOptionalPropertyTypes: true,
          module: "NodeNext",
          noEmit: true,
          types: [],
        },
        files: ["types.ts"],
      }),
    });
    const { stdout } = await bun(
      import.meta.dir,
      "x",
      "tsc",
      "--project",
      user.at("tsconfig.json"),
    );
    expect(stdout).toBe("");
  },
  COMMAND_TIMEOUT,
);

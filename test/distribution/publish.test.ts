// A project of build-plugin, published as its README says, and used by projects of each kind of host.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareEnvironment, COMMAND_TIMEOUT } from "../contract/command.ts";
import { hasCurrentNode } from "../missing.ts";
import { readManifest, root } from "../workspaces.ts";
import { run, succeed } from "./program.ts";
import { Registry } from "./registry.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const NAME = "ann-content";
const BUN = process.execPath;
const hasNpm = Bun.which("npm") !== null;

const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-publish-")));
const registry = await Registry.open(["ann-content"]);
const project = join(place, "project");
// npm names a token after the address of its registry.
const { url } = registry;
const token = `NPM_CONFIG_${url.replace("http:", "")}:_authToken`;
const env = {
  ...bareEnvironment(),
  HOME: place,
  GIT_CONFIG_GLOBAL: join(place, "gitconfig"),
  GIT_CONFIG_NOSYSTEM: "1",
  NPM_CONFIG_REGISTRY: registry.url,
  NPM_CONFIG_TOKEN: "anybody",
  [token]: "anybody",
};
const inProject = (...command: readonly string[]) => succeed(command, { cwd: project, env });
const commit = async (message: string) => {
  await inProject("git", "add", "--all");
  await inProject("git", "commit", "--quiet", "--message", message);
};

/** Files by their paths in the package of a version. */
async function packed(version: string): Promise<ReadonlyMap<string, File>> {
  const response = await fetch(new URL(NAME, registry.url));
  const { versions } = (await response.json()) as {
    versions: Record<string, { dist: { tarball: string } }>;
  };
  const tarball = await (await fetch(versions[version]?.dist.tarball ?? "")).bytes();
  return await new Bun.Archive(tarball).files();
}

beforeAll(async () => {
  await Bun.write(join(place, "gitconfig"), "[user]\nname = Ann\nemail = ann@example.com\n");
  const entry = join(root, "tooling", "create", "src", "main.ts");
  await succeed([BUN, entry, project, "--template", "build-plugin", "--yes"], { cwd: place, env });
  // The starter's own tests run elsewhere: a short one shows that a release runs the tests.
  await rm(join(project, "test"), { recursive: true });
  await Bun.write(
    join(project, "test/one.test.ts"),
    'import { expect, test } from "bun:test";\n\ntest("one", () => expect(1).toBe(1));\n',
  );
  const { private: _, ...manifest } = await Bun.file(join(project, "package.json")).json();
  const repository = { type: "git", url: `git+https://example.com/${NAME}.git` };
  const text = JSON.stringify({ ...manifest, name: NAME, repository }, null, 2);
  await Bun.write(join(project, "package.json"), `${text}\n`);
  await inProject(BUN, "install");
  await inProject(BUN, "run", "format");
  await commit("Rename");
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

test("what does not pass the checks is not packed", async () => {
  const source = Bun.file(join(project, "src/frame.ts"));
  const text = await source.text();
  await Bun.write(source, `${text}\nexport const no: number = "";\n`);
  const { code } = await run([BUN, "publish"], { cwd: project, env });
  expect(code).not.toBe(0);
  await Bun.write(source, text);
  expect(await inProject("git", "status", "--porcelain")).toBe("");
  expect((await fetch(new URL(NAME, registry.url))).status).toBe(404);
});

const first = hasNpm ? ["npm", "publish"] : [BUN, "publish"];
test(`the first version goes out with a plain ${hasNpm ? "npm" : "bun"} publish, without a build before`, async () => {
  await rm(join(project, "dist"), { recursive: true, force: true });
  await inProject(...first);
  const files = await packed("0.1.0");
  const text = (path: string) => files.get(`package/${path}`)?.text();
  const { engines, keywords, publishConfig } = JSON.parse((await text("package.json")) ?? "");
  expect({ engines, keywords, publishConfig }).toEqual({
    engines: { bun: expect.any(String), node: expect.any(String) },
    keywords: expect.arrayContaining(["bun-plugin"]),
    publishConfig: { access: "public" },
  });
  expect(await text("README.md")).toStartWith(`# ${NAME}\n`);
  expect(await text("LICENSE")).toContain(NAME);
  for (const name of ["index", "vite", "rollup", "plugin", "register"]) {
    expect([...files.keys()]).toContain(`package/dist/library/${name}.js`);
    expect([...files.keys()]).toContain(`package/dist/library/${name}.d.ts`);
  }
  expect(await inProject("git", "status", "--porcelain")).toBe("");
});

test("a release is what is published next, not what was built before", async () => {
  const source = Bun.file(join(project, "src/number.ts"));
  await Bun.write(source, `${await source.text()}\n/** New. */\nexport const news = "new";\n`);
  await commit("New");
  await inProject(BUN, "run", "release", "0.2.0");
  expect(await inProject("git", "describe", "--exact-match")).toBe("v0.2.0\n");
  await inProject(BUN, "publish");
  const files = await packed("0.2.0");
  expect(await files.get("package/dist/library/number.js")?.text()).toContain("news");
  expect(await inProject("git", "status", "--porcelain")).toBe("");
});

const DATA = {
  "data.jsonl": '"Ada"\n"Grace"\n',
  "entry.js": 'import names from "./data.jsonl";\nconsole.log(names.join());\n',
};
const TYPES = {
  compilerOptions: {
    strict: true,
    module: "NodeNext",
    noEmit: true,
    skipLibCheck: false,
    allowArbitraryExtensions: true,
  },
  include: ["*.ts"],
};

interface User {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  /** Commands that build and run it; the last one prints the names. */
  readonly commands: readonly (readonly string[])[];
}

const { devDependencies: versions = {} } = await readManifest(join(root, "templates/build-plugin"));
const pick = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, versions[name] ?? ""]));
const rollupLike = (bundler: string): User => ({
  dependencies: { ...pick(bundler), "@types/node": "24.10.1" },
  files: {
    "build.ts": `import { ${bundler} } from "${bundler}";
import { jsonl } from "${NAME}/rollup";
const bundle = await ${bundler}({ input: "entry.js", plugins: [jsonl()] });
await bundle.write({ file: "out.js", format: "es" });\n`,
  },
  commands: [
    [BUN, "build.ts"],
    ["node", "out.js"],
  ],
});
const users: Readonly<Record<string, User>> = {
  Bun: {
    dependencies: pick("@types/bun"),
    files: {
      "bunfig.toml": `preload = ["${NAME}/register"]\n`,
      "build.ts": `import { jsonl } from "${NAME}";
const { success } = await Bun.build({ entrypoints: ["entry.js"], outdir: "out", plugins: [jsonl()] });
console.log(success);\n`,
    },
    commands: [
      [BUN, "build.ts"],
      ["node", "out/entry.js"],
      [BUN, "entry.js"],
    ],
  },
  "esbuild on Node.js": {
    dependencies: { ...pick("esbuild"), "@types/node": "24.10.1" },
    files: {
      "build.ts": `import { build } from "esbuild";
import { jsonl } from "${NAME}";
await build({ entryPoints: ["entry.js"], outfile: "out.js", bundle: true, format: "esm", plugins: [jsonl()] });\n`,
    },
    commands: [
      ["node_modules/.bin/esbuild", "build.ts", "--outfile=build.mjs"],
      ["node", "build.mjs"],
      ["node", "out.js"],
    ],
  },
  Vite: {
    dependencies: { ...pick("vite"), "@types/node": "24.10.1" },
    files: {
      "vite.config.ts": `import { defineConfig } from "vite";
import { jsonl } from "${NAME}/vite";
export default defineConfig({
  plugins: [jsonl()],
  build: { outDir: "out", lib: { entry: "entry.js", formats: ["es"], fileName: () => "entry.js" } },
});\n`,
    },
    commands: [
      ["node_modules/.bin/vite", "build"],
      ["node", "out/entry.js"],
    ],
  },
  Rollup: rollupLike("rollup"),
  Rolldown: rollupLike("rolldown"),
};

test.skipIf(!hasCurrentNode).each(Object.entries(users))(
  "is installed, type-checked and used with %s",
  async (name, user) => {
    const cwd = join(place, name.replaceAll(/\W+/g, "-"));
    const dependencies = { ...user.dependencies, ...pick("typescript"), [NAME]: "0.2.0" };
    const types = name === "Bun" ? ["bun"] : ["node"];
    const files = {
      ...DATA,
      ...user.files,
      "package.json": JSON.stringify({ private: true, type: "module", dependencies }),
      "tsconfig.json": JSON.stringify({
        ...TYPES,
        compilerOptions: { ...TYPES.compilerOptions, types },
      }),
    };
    for (const [path, text] of Object.entries(files)) await Bun.write(join(cwd, path), text);
    const inUser = (...command: readonly string[]) => succeed(command, { cwd, env });
    await inUser(BUN, "install");
    await inUser(BUN, "x", NAME, ".");
    expect(await readdir(cwd)).toContain("data.d.jsonl.ts");
    await inUser(BUN, "x", "tsc");
    let printed = "";
    for (const command of user.commands) printed = await inUser(...command);
    expect(printed).toBe("Ada,Grace\n");
  },
);

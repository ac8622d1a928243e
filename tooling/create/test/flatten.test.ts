// Flatten, rule by rule: the project that results, and how a template that breaks a rule is refused.
import { expect, test } from "bun:test";
import { CreateError } from "../src/errors.ts";
import { text } from "../src/flatten/file-map.ts";
import { flatten } from "../src/flatten/flatten.ts";
import { sample } from "./sample.ts";

const demo = (changes?: Parameters<typeof sample>[0]) => flatten(sample(changes), "demo");
const read = (files: ReturnType<typeof demo>, path: string) =>
  text(files.get(path) ?? new Uint8Array());

test("a project has the template's files, the shared files and the listed modules, sorted", () => {
  expect([...demo().keys()]).toEqual([
    ".gitignore",
    "AGENTS.md",
    "biome.json",
    "package.json",
    "src/lib/env.ts",
    "src/main.ts",
    "tsconfig.json",
  ]);
});

test("source files stay as they are, byte for byte, binary files too", () => {
  const logo = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
  const files = demo({ "templates/demo/src/logo.png": logo });
  expect(files.get("src/logo.png")).toEqual(logo);
  expect(read(files, "src/main.ts")).toBe('import { env } from "#lib/env";\nconsole.log(env);\n');
});

test("package.json keeps its order, points to the copied modules and does not mention the workspace", () => {
  expect(read(demo(), "package.json")).toBe(`{
  "name": "demo",
  "version": "0.1.0",
  "description": "A demonstration",
  "bunyard": {
    "template": "demo",
    "version": "9.8.7",
    "without": []
  },
  "imports": {
    "#lib/env": "./src/lib/env.ts",
    "#own": "./src/own.ts"
  },
  "scripts": {
    "dev": "bun src/main.ts"
  },
  "dependencies": {
    "zod": "4.6.7"
  },
  "engines": {
    "bun": ">=1.0.0"
  }
}
`);
});

test("tsconfig.json is merged with its base, comments and trailing commas allowed", () => {
  expect(read(demo(), "tsconfig.json")).toBe(`{
  "$schema": "https://json.schemastore.org/tsconfig",
  "compilerOptions": {
    "target": "ESNext",
    "lib": ["ESNext", "DOM"],
    "strict": true
  },
  "include": ["**/*.ts"]
}
`);
});

test.each(["[]", "{ bad"])("a tsconfig.json that is not an object is named: %j", (content) => {
  const files = { "templates/demo/tsconfig.json": content };
  expect(() => demo(files)).toThrow("templates/demo/tsconfig.json is not a valid JSON object.");
});

test("a tsconfig that extends something else stays as it is", () => {
  const content = '{ "extends": "./tsconfig.json" } // mine\n';
  const files = demo({ "templates/demo/tsconfig.build.json": content });
  expect(read(files, "tsconfig.build.json")).toBe(content);
});

test("a file of the template takes precedence over the shared one", () => {
  expect(read(demo(), "AGENTS.md")).toStartWith("For all.\n");
  const files = demo({ "templates/demo/AGENTS.md": "For one.\n" });
  expect(read(files, "AGENTS.md")).toStartWith("For one.\n");
});

test("README.md and AGENTS.md say how to update, after what the template says", () => {
  const files = demo({
    "templates/demo/README.md": "# Demo\n\nLast.\n",
    "templates/demo/AGENTS.md": "# Agents\n\n- Last.\n",
  });
  expect(read(files, "README.md")).toStartWith("# Demo\n\nLast.\n\n## Staying current\n\n`bunx ");
  expect(read(files, "AGENTS.md")).toStartWith(
    "# Agents\n\n- Last.\n- `bunx create-bunyard@latest",
  );
  const prose = demo({ "templates/demo/AGENTS.md": "Last.\n" });
  expect(read(prose, "AGENTS.md")).toStartWith("Last.\n\n- `bunx create-bunyard@latest");
});

test("README.md lists the files that set the version of Bun", () => {
  const files = demo({ "templates/demo/README.md": "# Demo\n", "templates/demo/Dockerfile": "" });
  expect(read(files, "README.md")).toEndWith(
    " in `engines` in `package.json`, `Dockerfile` and your workflows.\n",
  );
});

test("a module of which only types are imported is copied, too", () => {
  const files = demo({ "templates/demo/src/main.ts": 'import type { env } from "#lib/env";\n' });
  expect(files.has("src/lib/env.ts")).toBe(true);
});

test("modules that a listed module imports, directly or indirectly, are copied but not listed", () => {
  const files = demo({
    ...manifest({ imports: { "#lib/service": "@bunyard/shared/service" } }),
    "templates/demo/src/main.ts": 'import "#lib/service";',
  });
  expect([...files.keys()].filter((path) => path.startsWith("src/lib/"))).toEqual([
    "src/lib/env.ts",
    "src/lib/http/problems.ts",
    "src/lib/service.ts",
  ]);
  expect(JSON.parse(read(files, "package.json")).imports).toEqual({
    "#lib/service": "./src/lib/service.ts",
  });
});

test("the same input gives the same bytes, whatever the order of the files", () => {
  const backwards = new Map([...sample()].reverse());
  expect([...flatten(backwards, "demo")]).toEqual([...demo()]);
});

const manifest = (changes: object) => ({
  "templates/demo/package.json": {
    imports: { "#lib/env": "@bunyard/shared/env" },
    dependencies: { zod: "4.6.7" },
    ...changes,
  },
});

test.each([
  [
    "an import of the shared package",
    { "templates/demo/src/a.ts": 'import "@bunyard/shared/env";' },
    "templates/demo/src/a.ts names @bunyard/shared",
  ],
  [
    "a listed module that does not exist",
    manifest({ imports: { "#lib/nothing": "@bunyard/shared/nothing" } }),
    "templates/demo/package.json maps #lib/nothing to @bunyard/shared/nothing",
  ],
  [
    "a module that is not listed",
    { "templates/demo/src/a.ts": 'import type { P } from "#lib/problem";' },
    "templates/demo/src/a.ts imports #lib/problem",
  ],
  [
    "a module whose package is not declared",
    manifest({ dependencies: {} }),
    "templates/demo/package.json uses packages/shared/src/env.ts, which needs zod",
  ],
  [
    "a module that reaches a package that is not declared",
    manifest({ imports: { "#lib/service": "@bunyard/shared/service" }, dependencies: {} }),
    "templates/demo/package.json uses packages/shared/src/env.ts, which needs zod",
  ],
  [
    "a shared module that imports a file that does not exist",
    { "packages/shared/src/env.ts": 'import "./nothing.ts";' },
    "packages/shared/src/env.ts imports ./nothing.ts, which is not a shared module",
  ],
  [
    "a shared module that leaves the source folder",
    { "packages/shared/src/env.ts": 'import "../package.json";' },
    "packages/shared/src/env.ts imports ../package.json, which is not a shared module",
  ],
  [
    "a shared module that uses an imports key",
    { "packages/shared/src/env.ts": 'import "#lib/problem";' },
    "packages/shared/src/env.ts imports #lib/problem, which is not a shared module",
  ],
  [
    "a listed module that is exported from another path",
    manifest({ imports: { "#lib/moved": "@bunyard/shared/moved" } }),
    "packages/shared/package.json exports @bunyard/shared/moved from src/elsewhere.ts",
  ],
  [
    "a file where the shared modules go",
    { "templates/demo/src/lib/mine.ts": "" },
    "templates/demo/src/lib/mine.ts is in src/lib/",
  ],
  [
    "a biome.json",
    { "templates/demo/biome.json": "{}" },
    "templates/demo/biome.json does not belong",
  ],
  [
    "a .gitignore",
    { "templates/demo/.gitignore": "" },
    "templates/demo/.gitignore does not belong",
  ],
  ["a turbo.json", { "templates/demo/turbo.json": "{}" }, "templates/demo/turbo.json belongs to"],
  ["a stored name", { "templates/demo/_npmrc": "" }, "templates/demo/_npmrc has a name for stored"],
  [
    "another workspace package",
    manifest({ dependencies: { zod: "4.6.7", other: "workspace:*" } }),
    "templates/demo/package.json declares other as workspace:*",
  ],
  [
    "a tsconfig base that does not exist",
    { "templates/demo/tsconfig.json": '{ "extends": "@bunyard/shared/nothing.json" }' },
    "templates/demo/tsconfig.json names @bunyard/shared",
  ],
  [
    "no package.json",
    { "templates/demo/package.json": undefined },
    "templates/demo/package.json is missing",
  ],
  [
    "a package.json that is not JSON",
    { "templates/demo/package.json": "{,}" },
    "templates/demo/package.json is not valid JSON",
  ],
])("a template with %s is refused", (_, changes, message) => {
  const attempt = () => demo(changes);
  expect(attempt).toThrow(CreateError);
  expect(attempt).toThrow(message);
});

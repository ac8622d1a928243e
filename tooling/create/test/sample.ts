// A small repository as a file map, for tests that break one rule at a time.
import { bytes, type FileMap } from "../src/flatten/file-map.ts";

export type Sample = Record<string, string | object | Uint8Array>;

const REPOSITORY: Sample = {
  "packages/shared/package.json": {
    exports: {
      "./tsconfig.json": "./tsconfig.base.json",
      "./env": "./src/env.ts",
      "./problem": "./src/problem.ts",
      "./service": "./src/service.ts",
      "./moved": "./src/elsewhere.ts",
    },
  },
  "packages/shared/tsconfig.base.json": `{
    // The compiler options of every project.
    "$schema": "https://json.schemastore.org/tsconfig",
    "compilerOptions": { "target": "ESNext", "lib": ["ESNext"], "strict": true, },
  }`,
  "packages/shared/src/env.ts": 'import { z } from "zod";\nexport const env = z;\n',
  "packages/shared/src/problem.ts": 'import { STATUS_CODES } from "node:http";\n',
  "packages/shared/src/service.ts": 'import { problem } from "./http/problems.ts";\n',
  "packages/shared/src/http/problems.ts": 'import type { env } from "../env.ts";\n',
  "packages/shared/src/elsewhere.ts": "",
  "packages/shared/files/_gitignore": "node_modules/\n",
  "packages/shared/files/_biome.json": "{}\n",
  "packages/shared/files/AGENTS.md": "For all.\n",
  "tooling/create/package.json": { version: "9.8.7", engines: { bun: ">=1.0.0" } },
  "templates/other/package.json": { name: "other" },
  "templates/demo/package.json": {
    name: "demo",
    version: "3.2.1",
    description: "A demonstration",
    bunyard: { title: "Demo", ships: ["nothing"] },
    imports: { "#lib/env": "@bunyard/shared/env", "#own": "./src/own.ts" },
    scripts: { dev: "bun src/main.ts" },
    dependencies: { zod: "4.6.7" },
    devDependencies: { "@bunyard/shared": "workspace:*" },
  },
  "templates/demo/tsconfig.json": `{
    "extends": "@bunyard/shared/tsconfig.json",
    "compilerOptions": { "lib": ["ESNext", "DOM"] }, // the page
    "include": ["**/*.ts"],
  }`,
  "templates/demo/src/main.ts": 'import { env } from "#lib/env";\nconsole.log(env);\n',
};

/** The sample with some files replaced, added, or (undefined) removed. */
export function sample(changes: Record<string, Sample[string] | undefined> = {}): FileMap {
  const files = Object.entries({ ...REPOSITORY, ...changes });
  return new Map(
    files.flatMap(([path, content]) =>
      content === undefined ? [] : [[path, encoded(content)] as const],
    ),
  );
}

function encoded(content: Sample[string]): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return bytes(typeof content === "string" ? content : JSON.stringify(content));
}

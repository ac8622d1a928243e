// Features: what remains of a template without one, and how a wrong declaration or mark is refused.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CreateError } from "../src/errors.ts";
import { text } from "../src/flatten/file-map.ts";
import { flatten } from "../src/flatten/flatten.ts";
import { FEATURED } from "./features-sample.ts";
import { type Sample, sample } from "./sample.ts";
import { ended } from "./sandbox.ts";

const folder = await mkdtemp(join(tmpdir(), "create-features-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const BIOME = `{ "formatter": { "indentStyle": "space", "lineWidth": 100 } }\n`;

const project = (
  without: readonly string[],
  changes: Record<string, Sample[string] | undefined> = {},
) => flatten(sample({ ...FEATURED, ...changes }), "demo", { without });
const read = (files: ReturnType<typeof project>, path: string) =>
  text(files.get(path) ?? new Uint8Array());
const manifestOf = (files: ReturnType<typeof project>) => JSON.parse(read(files, "package.json"));

test("with every feature, all files are there and only the marks are removed", () => {
  const files = project([]);
  expect([...files.keys()]).toContain("src/uploads/routes.ts");
  expect(manifestOf(files).bunyard).toEqual({ template: "demo", version: "9.8.7", without: [] });
  expect(read(files, "src/main.ts")).toBe(`import { serve } from "./serve.ts";
import { uploads } from "./uploads/routes.ts";
import { ready, renderPage } from "./views.ts";

export function start(port: number, folder: string) {
  renderPage();

  serve([ready, uploads(folder)]);

  renderPage("uploads");
}

export const limit = 10;
export const jobs = 2;

export const size = 4;
`);
  expect(read(files, "README.md")).toContain("\n## Uploads\n\nPost a file.\n\n## License\n");
});

test("without a feature, its folder, files and regions are removed, nested ones too", () => {
  const files = project(["uploads"]);
  expect([...files.keys()].filter((path) => path.includes("upload"))).toEqual([]);
  expect(read(files, "src/main.ts")).toBe(`import { serve } from "./serve.ts";
import { ready, renderPage } from "./views.ts";

export function start(port: number) {
  renderPage();

  serve([ready]);
}
`);
  expect(read(files, ".env.example")).toBe("PORT=3000\n");
  expect(read(files, "src/schema.sql")).toBe("SELECT 1;\n");
  expect(read(files, "README.md")).toStartWith(`# Demo

| variable | meaning          |
| -------- | ---------------- |
| \`PORT\`   | where it listens |

## License

5. Kept as it is.

---

1. Open the page.
2. Read the text:

   \`\`\`sh
   cat LICENSE
   \`\`\`

3. Go on.
`);
});

test("a Markdown table whose rows are all left out is removed", () => {
  const readme = `Text.

| feature | what it is |
| ------- | ---------- |
| page    | a <!-- #region page --> |
| uploads | b <!-- #region uploads --> |

More.
`;
  const files = (without: readonly string[]) =>
    read(project(without, { "templates/demo/FEATURES.md": readme }), "FEATURES.md");
  expect(files(["page", "uploads"])).toBe("Text.\n\nMore.\n");
  expect(files(["page"])).toContain("| uploads | b          |\n\nMore.");
});

test("an inner region can be left out alone", () => {
  const main = read(project(["analysis"]), "src/main.ts");
  expect(main).toEndWith("export const limit = 10;\n\nexport const size = 4;\n");
});

test("a region of several features stays only if all of them stay", () => {
  expect(read(project(["page"]), "src/main.ts")).not.toContain("renderPage");
  expect(read(project(["uploads"]), "src/main.ts")).not.toContain('renderPage("uploads")');
});

test("a part of package.json is removed with the last feature that lists it", () => {
  const withoutUploads = manifestOf(project(["uploads"]));
  expect(withoutUploads.scripts).toEqual({ dev: "bun src/main.ts" });
  expect(withoutUploads.dependencies).toEqual({ react: "19.0.0" });
  const bare = manifestOf(project(["uploads", "page"]));
  expect(bare).not.toHaveProperty("dependencies");
  expect(bare).not.toHaveProperty("imports");
  expect(bare.files).toEqual(["dist"]);
});

test("a shared module that only a left-out feature imports is not copied", () => {
  const files = [...project(["uploads"]).keys()].filter((path) => path.startsWith("src/lib/"));
  expect(files).toEqual(["src/lib/problem.ts"]);
});

test("a feature that requires a left-out feature is left out, and recorded in the stamp", () => {
  expect(manifestOf(project(["uploads"])).bunyard.without).toEqual(["uploads", "analysis"]);
  expect(manifestOf(project(["docker"])).bunyard.without).toEqual(["docker"]);
});

test("an unknown feature is refused with the nearest match and the list", () => {
  const attempt = () => project(["upload"]);
  expect(attempt).toThrow(CreateError);
  expect(attempt).toThrow('There is no feature "upload".');
  expect(attempt).toThrow(
    expect.objectContaining({
      hint: "Did you mean uploads? The features are: page, uploads, analysis, docker.",
    }),
  );
});

const COMBINATIONS = [
  [],
  ["page"],
  ["uploads"],
  ["analysis"],
  ["docker"],
  ["page", "uploads"],
  ["page", "uploads", "docker"],
];

describe.each(COMBINATIONS.map((without) => [without.join(", ") || "nothing", without] as const))(
  "without %s",
  (name, without) => {
    const files = project(without);

    test("no mark is left", () => {
      for (const [path, content] of files) {
        expect({ path, marked: text(content).includes("region") }).toEqual({ path, marked: false });
      }
    });

    test("Biome has nothing to format", async () => {
      const cwd = join(folder, name);
      for (const [path, content] of files) {
        if (/\.(tsx?|css|md|json)$/.test(path)) await Bun.write(join(cwd, path), content);
      }
      await Bun.write(join(cwd, "biome.json"), BIOME);
      const command = [resolve(import.meta.dir, "../node_modules/.bin/biome"), "format", "."];
      const format = await ended(Bun.spawn(command, { cwd, stdout: "pipe", stderr: "pipe" }));
      expect(format).toMatchObject({ code: 0 });
    }, 60_000);
  },
);

test("a wrong declaration is refused with the line of package.json", () => {
  const { "templates/demo/package.json": manifest } = declares({ description: "x" });
  const lines = JSON.stringify(manifest, null, 2).split("\n");
  const line = lines.findIndex((content) => content.includes('"idle"')) + 1;
  const attempt = () => project([], { "templates/demo/package.json": lines.join("\n") });
  expect(attempt).toThrow(`templates/demo/package.json:${line} declares feature idle without`);
});

const declares = (feature: object) => {
  const manifest = FEATURED["templates/demo/package.json"] as { bunyard: { features: object } };
  const features = { ...manifest.bunyard.features, idle: feature };
  return { "templates/demo/package.json": { ...manifest, bunyard: { features } } };
};
const source = (content: string) => ({ "templates/demo/src/serve.ts": content });

test.each([
  [
    "a region that is not closed",
    source("a;\n// #region page\n"),
    "src/serve.ts:2 opens a region of page that is never closed",
  ],
  [
    "a region that is not opened",
    source("// #endregion\n"),
    "src/serve.ts:1 closes a region that was never opened",
  ],
  [
    "a region that closes another one",
    source("// #region page\n// #region uploads\n// #endregion page\n// #endregion\n"),
    "src/serve.ts:3 closes a region of page instead of uploads, opened at templates/demo/src/serve.ts:2",
  ],
  [
    "a region of an unknown feature",
    source("\n\n// #region pages\n// #endregion\n"),
    "src/serve.ts:3 names unknown feature pages",
  ],
  [
    "a region without a feature",
    source("// #region\n// #endregion\n"),
    "src/serve.ts:1 opens a region without a feature",
  ],
  [
    "a mark beside code",
    source("a(); // #region page\n// #endregion\n"),
    "src/serve.ts:1 has a region mark next to other text",
  ],
  [
    "a mark in a file that every project gets",
    { "packages/shared/files/_gitignore": "a\n# #region page\n" },
    "packages/shared/files/_gitignore:2 has a region",
  ],
  [
    "a mark in a shared module",
    { "packages/shared/src/env.ts": "// #region page\n" },
    "packages/shared/src/env.ts:1 has a region",
  ],
  [
    "a feature without a path or a region",
    declares({ description: "x" }),
    "templates/demo/package.json:1 declares feature idle without a path or a region",
  ],
  [
    "a path that does not exist",
    declares({ description: "x", paths: ["src/idle"] }),
    "feature idle with path src/idle, which does not exist",
  ],
  [
    "a requirement that does not exist",
    declares({ description: "x", requires: ["pages"] }),
    "feature idle, which requires unknown feature pages",
  ],
  [
    "a script that does not exist",
    declares({ description: "x", package: { scripts: ["idle"] } }),
    "feature idle with scripts idle",
  ],
  ["a feature without a description", declares({}), "feature idle without a description"],
  [
    "a key that does not exist",
    declares({ description: "x", folder: "src" }),
    "feature idle with unknown key folder",
  ],
])("%s is refused", (_, changes, message) => {
  const attempt = () => project([], changes);
  expect(attempt).toThrow(CreateError);
  expect(attempt).toThrow(message);
});

// Declarations of content: what they say, what TypeScript makes of them, and that stale ones are found.
import { describe, expect, test } from "bun:test";
import { declaration } from "../src/index.ts";
import { bun, COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { Project } from "./project.ts";

describe("without a schema, a type is that of the values", () => {
  const lines = (document: unknown) => declaration({ document }).split("\n").slice(2);

  test("with an interface for each kind of object, and what some lack optional", () => {
    const members = [{ name: "Ada", born: 1815 }, { name: "Grace" }];
    expect(lines({ members, "no-name": [1, "a", null, [true]] })).toEqual([
      "interface Document {",
      "  readonly members: ReadonlyArray<Members>;",
      '  readonly "no-name": ReadonlyArray<ReadonlyArray<boolean> | null | number | string>;',
      "}",
      "",
      "interface Members {",
      "  readonly name: string;",
      "  readonly born?: number;",
      "}",
      "",
      "type Content = Document;",
      "",
      'export declare const members: Content["members"];',
      "declare const document: Content;",
      "export default document;",
      "",
    ]);
  });

  test(
    "whatever the keys are called",
    async () => {
      using folder = new Folder();
      const words = ["Record", "Readonly", "Content", "Heading", "document", "document_", "schema"];
      words.push("größe", "key7", "\u{18da3}"); // the last is a letter since Unicode 17
      const document = Object.fromEntries(words.map((word) => [word, { empty: {} }]));
      const schema = { module: "./schema.ts", name: "schema" };
      await folder.write({
        "schema.ts": "export declare const schema: { '~standard': { types?: { output: any } } };",
        "a.d.yaml.ts": declaration({ document }),
        "b.d.md.ts": declaration({ document: { attributes: document }, markdown: true }),
        "c.d.yaml.ts": declaration({ document, schema }),
        "use.ts": `import { größe, "\u{18da3}" as last } from "./a.yaml";
export const values: readonly object[] = [größe.empty, last.empty];\n`,
        "tsconfig.json": JSON.stringify({
          compilerOptions: {
            strict: true,
            target: "es2022",
            module: "esnext",
            moduleResolution: "bundler",
            allowArbitraryExtensions: true,
            noEmit: true,
            allowImportingTsExtensions: true,
            types: [],
          },
        }),
      });

      const tsc = await bun(import.meta.dir, "x", "tsc", "-p", folder.path);
      expect(tsc).toMatchObject({ exitCode: 0, stdout: "" });
    },
    COMMAND_TIMEOUT,
  );

  test.each([
    [null, "null"],
    [{}, "Readonly<Record<string, never>>"],
    [[], "ReadonlyArray<never>"],
    ["a", "string"],
  ])("%j", (document, type) => {
    expect(lines(document)[0]).toBe(`type Content = ${type};`);
  });
});

describe("in the project", () => {
  test(
    "content that changed makes the check fail until `bun run types` ran",
    async () => {
      using project = Project.copy();
      const types = (...options: string[]) => bun(project.path, "types.ts", ...options);
      expect(await types("--check")).toMatchObject({ exitCode: 0 });
      await project.edit("site/content/links.yaml", (text) => text.replaceAll("label:", "title:"));
      await project.write({
        "site/content/new.md": "# New\n",
        "site/content/gone.d.yaml.ts": "export {};\n",
      });
      const { exitCode, stderr } = await bun(project.path, "run", "check");
      expect(exitCode).toBe(1);
      for (const name of ["links.d.yaml.ts", "new.d.md.ts", "gone.d.yaml.ts"]) {
        expect(stderr).toContain(`site/content/${name}`);
      }
      expect(await types()).toMatchObject({ exitCode: 0 });
      expect(await types("--check")).toMatchObject({ exitCode: 0 });
      expect(await project.text("site/content/links.d.yaml.ts")).toContain(
        "readonly title: string",
      );
    },
    COMMAND_TIMEOUT,
  );

  test(
    "a wrong use of content is an error of tsc",
    async () => {
      using project = Project.copy();
      await project.write({
        "site/wrong.ts": `import { attributes } from "./content/notes/hello.md";
import { members } from "./content/team.yaml";
import links from "./content/links.yaml";
export const misspelt = attributes.titel;
export const mistaken: number = attributes.title;
export const role: "author" | undefined = members[0]?.role;
export const label: number | undefined = links[0]?.label;\n`,
      });
      const { exitCode, stdout } = await bun(project.path, "x", "tsc");
      expect(exitCode).not.toBe(0);
      const lines = [...stdout.matchAll(/wrong\.ts\((\d+)/g)].map(([, line]) => line);
      expect(lines).toEqual(["4", "5", "6", "7"]);
    },
    COMMAND_TIMEOUT,
  );

  test(
    "content that is wrong is told with its place",
    async () => {
      using project = Project.copy();
      await project.edit("site/content/team.yaml", (text) => text.replace("editor", "reader"));
      const { exitCode, stderr } = await bun(project.path, "run", "types");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("site/content/team.yaml:6:11: members.1.role:");
      expect(stderr).not.toMatch(/^ +at /m);
    },
    COMMAND_TIMEOUT,
  );
});

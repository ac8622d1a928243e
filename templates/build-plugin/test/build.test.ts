// The pipeline, run as its owner runs it, in copies of the project.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { pathsBelow } from "../build/files.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

const built = Project.copy();
beforeAll(async () => {
  const { exitCode, stderr } = await built.build();
  expect(exitCode, stderr).toBe(0);
}, COMMAND_TIMEOUT);
afterAll(() => built[Symbol.dispose]());

const fileLike = (pattern: RegExp) => {
  const path = [...built.files("dist/site").keys()].find((name) => pattern.test(name));
  if (path === undefined) throw new Error(`No file of the site is like ${pattern}`);
  return path;
};

describe("the site", () => {
  test("has pages whose integrity attributes and import map fit the files", async () => {
    const page = await built.text("dist/site/index.html");
    const manifest = JSON.parse(await built.text("dist/site/manifest.json"));
    const { imports, integrity } = JSON.parse(/"importmap">(.+?)</.exec(page)?.[1] ?? "");
    expect(imports).toEqual({ "site:settings": "./settings.js" });
    const claims = [
      ...Object.entries<string>(integrity),
      ...[...page.matchAll(/(?:src|href)="(\S+)" integrity="(\S+)"/g)].map(
        ([, url = "", claim = ""]) => [url, claim] as const,
      ),
    ];
    expect(claims.length).toBeGreaterThanOrEqual(4);
    for (const [url, claim] of claims) {
      const bytes = await Bun.file(built.at(`dist/site/${url}`)).bytes();
      expect(claim).toBe(`sha384-${createHash("sha384").update(bytes).digest("base64")}`);
      expect(manifest[url.slice(2)]).toMatchObject({ integrity: claim, bytes: bytes.length });
    }
  });

  test("is split: what is asked for later is a chunk of its own", async () => {
    const manifest = JSON.parse(await built.text("dist/site/manifest.json"));
    const main = fileLike(/^index-\w+\.js$/);
    const later = fileLike(/^later-\w+\.js$/);
    expect(manifest[main].dynamicImports).toEqual([later]);
    expect(await built.text(`dist/site/${main}`)).not.toContain("chunk of its own");
    expect(await built.text(`dist/site/${later}`)).toContain("chunk of its own");
  });

  test("has its defines in place, and leaves externals to the import map", async () => {
    const main = await built.text(`dist/site/${fileLike(/^index-\w+\.js$/)}`);
    expect(main).not.toContain("SITE_VERSION");
    expect(main).toMatch(/from ?"site:settings"/);
    expect(await built.text("dist/site/settings.js")).toContain("contact");
  });

  test("has source maps that lead to the sources, by paths of the project", async () => {
    const main = fileLike(/^index-\w+\.js$/);
    expect(await built.text(`dist/site/${main}`)).toEndWith(`//# sourceMappingURL=${main}.map\n`);
    const { sources } = JSON.parse(await built.text(`dist/site/${main}.map`));
    expect(sources).toContain("site/main.ts");
    for (const [path, text] of built.files("dist")) {
      expect({ path, named: text.includes(built.path) }).toEqual({ path, named: false });
    }
  });

  test("is compressed ahead of time", () => {
    const files = built.files("dist/site");
    const original = (path: string) => files.get(path.replace(/\.(br|gz)$/, ""));
    const undo = { br: brotliDecompressSync, gz: gunzipSync };
    for (const [suffix, decompress] of Object.entries(undo)) {
      const copies = [...files].filter(([path]) => path.endsWith(`.${suffix}`));
      expect(copies.length).toBeGreaterThan(3);
      for (const [path, text] of copies) {
        expect(decompress(Buffer.from(text, "latin1")).toString("latin1")).toBe(
          original(path) ?? "",
        );
      }
    }
  });
});

describe("two builds", () => {
  test(
    "give the same bytes, wherever they are and in whatever order the files were made",
    async () => {
      using other = Project.copy("backwards");
      expect(await other.build()).toMatchObject({ exitCode: 0 });
      expect(other.files("dist")).toEqual(built.files("dist"));
    },
    COMMAND_TIMEOUT,
  );

  test(
    "of the same files leave dist/ alone; a file that was taken out of it is put back",
    async () => {
      using copy = built.copy();
      const { ino } = statSync(copy.at("dist"));
      expect((await copy.build()).stdout).toContain("Nothing has changed");
      expect(statSync(copy.at("dist")).ino).toBe(ino);
      rmSync(copy.at("dist/site/index.html"));
      expect((await copy.build()).exitCode).toBe(0);
      expect(copy.files("dist")).toEqual(built.files("dist"));
    },
    COMMAND_TIMEOUT,
  );

  test(
    "at once both succeed",
    async () => {
      using copy = Project.copy();
      const outcomes = await Promise.all([copy.build(), copy.build(), copy.build()]);
      expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      expect(copy.files("dist")).toEqual(built.files("dist"));
      expect([...copy.files(".cache").keys()].filter((path) => /old|new|tmp/.test(path))).toEqual(
        [],
      );
    },
    COMMAND_TIMEOUT,
  );

  test(
    "a damaged cache is not believed",
    async () => {
      using copy = built.copy();
      for (const path of pathsBelow(copy.at(".cache/build"))) {
        const bytes = await Bun.file(path).bytes();
        const middle = bytes.length >> 1;
        bytes[middle] = (bytes[middle] ?? 0) ^ 1;
        writeFileSync(path, bytes.length % 2 ? bytes : bytes.subarray(0, middle));
      }
      rmSync(copy.at("dist"), { recursive: true });
      expect((await copy.build()).exitCode).toBe(0);
      expect(copy.files("dist")).toEqual(built.files("dist"));
    },
    COMMAND_TIMEOUT,
  );
});

const withBudget = (pattern: string) => (manifest: string) =>
  JSON.stringify({ ...JSON.parse(manifest), budgets: { [pattern]: "1 kB" } });

describe("a build that fails says why, and leaves dist/ as it was:", () => {
  const failures: Record<string, [path: string, change: (text: string) => string, says: string[]]> =
    {
      "a syntax error": [
        "site/main.ts",
        (text) => text.replace("function open(", "function open(("),
        ["site/main.ts:1", "function open(("],
      ],
      "an import that leads nowhere": [
        "site/note.ts",
        (text) => `${text}\nimport "./nowhere.ts";\n`,
        ["./nowhere.ts", "site/note.ts:"],
      ],
      "a page whose script is not there": [
        "site/index.html",
        (text) => text.replace("main.ts", "mian.ts"),
        ["site/index.html: ", "./mian.ts"],
      ],
      "a style sheet that is wrong": [
        "site/style.css",
        (text) => `${text}@import "./more.css";\n`,
        ["site/style.css:7", '| @import "./more.css";\n'],
      ],
      "an import map that is no JSON": [
        "site/index.html",
        (text) => text.replace('{ "imports": {', '{ "imports": { oops'),
        ["import map of the page is no JSON", "oops"],
      ],
      "content that its schema refuses": [
        "site/content/notes/later.md",
        (text) => text.replace("tags:", "tag:"),
        ["\nsite/content/notes/later.md:2:1: ", "tag"],
      ],
      "a type error in the library": [
        "src/frame.ts",
        (text) => text.replace("const BEFORE = 2;", 'const BEFORE: number = "2";'),
        ["src/frame.ts(3,7)", "not assignable"],
      ],
      "a budget that is exceeded": [
        "package.json",
        withBudget("site/**/*.js"),
        ["site/**/*.js", "over its budget of 1 kB"],
      ],
      "a budget for nothing": [
        "package.json",
        withBudget("site/**/*.scss"),
        ["site/**/*.scss fits no file"],
      ],
      "an import from where the cache does not look": [
        "site/note.ts",
        (text) => `${text}\nimport "../build/gzip.ts";\n`,
        ["build/gzip.ts", "inputs"],
      ],
    };
  test.each(Object.entries(failures))(
    "%s",
    async (_, [path, change, says]) => {
      using copy = built.copy();
      await copy.edit(path, change);
      const { exitCode, stderr } = await copy.build();
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
      for (const part of says) expect(stderr).toContain(part);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(copy.files("dist")).toEqual(built.files("dist"));
    },
    COMMAND_TIMEOUT,
  );
});

test(
  "a build tells what is wrong in the library and in the site",
  async () => {
    using copy = built.copy();
    await copy.edit("src/frame.ts", (text) => `${text}\nexport const no: number = "";\n`);
    await copy.edit("site/content/links.yaml", () => "{");
    const { exitCode, stderr } = await copy.build();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
    expect(stderr).toContain("src/frame.ts(");
    expect(stderr).toContain("site/content/links.yaml:1:2");
  },
  COMMAND_TIMEOUT,
);

test(
  "a system that refuses is told without a stack",
  async () => {
    using copy = built.copy();
    rmSync(copy.at(".cache"), { recursive: true });
    await copy.write({ ".cache": "not a folder" });
    const { exitCode, stderr } = await copy.build();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
    expect(stderr).toMatch(/ENOTDIR|EEXIST/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(copy.files("dist")).toEqual(built.files("dist"));
  },
  COMMAND_TIMEOUT,
);

test(
  "sizes are compared with those of the build before",
  async () => {
    using copy = built.copy();
    await copy.edit("site/style.css", (text) => `${text}\nnav {\n  display: grid;\n}\n`);
    const { stdout } = await copy.build();
    expect(stdout).toMatch(/^site\/index-\w+\.css .* \+\d+ B$/m);
    expect(stdout).toMatch(/^site\/robots\.txt .* =$/m);
  },
  COMMAND_TIMEOUT,
);

test(
  "options that are not known are refused",
  async () => {
    for (const option of ["--only=nothing", "--fast"]) {
      expect(await built.build(option)).toMatchObject({ exitCode: 1 });
    }
  },
  COMMAND_TIMEOUT,
);

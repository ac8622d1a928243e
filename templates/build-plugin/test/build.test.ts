// Runs the build pipeline as a process, in copies of the project.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { pathsBelow } from "../build/files.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const built = await Project.copy();
beforeAll(async () => {
  const { exitCode, stderr } = await built.build();
  expect(exitCode, stderr).toBe(0);
});
afterAll(() => built[Symbol.dispose]());

const fileLike = (pattern: RegExp) => {
  const path = [...built.files("dist/site").keys()].find((name) => pattern.test(name));
  if (path === undefined) throw new Error(`No file of the site is like ${pattern}`);
  return path;
};

/** Replaces the link to the installed packages with a folder of links, to which a test can add its own packages. */
function copyModules(copy: Project): void {
  const packages = resolve(import.meta.dir, "../node_modules");
  rmSync(copy.at("node_modules"));
  mkdirSync(copy.at("node_modules"));
  for (const name of readdirSync(packages)) {
    symlinkSync(resolve(packages, name), copy.at(`node_modules/${name}`), "junction");
  }
}

const readManifest = async () => JSON.parse(await built.text("dist/manifest.json"));

describe("the site", () => {
  test("has every page, with the hashes of everything that it loads, statically or dynamically", async () => {
    const manifest = await readManifest();
    const pages = { "index.html": ["index", "later"], "about.html": ["about", "history"] };
    for (const [name, modules] of Object.entries(pages)) {
      const page = await built.text(`dist/site/${name}`);
      const { integrity } = JSON.parse(/"importmap">(.+?)</.exec(page)?.[1] ?? "");
      const urls = Object.keys(integrity).join(" ");
      for (const module of modules) expect(urls).toMatch(new RegExp(`\\./${module}-\\w+\\.js`));
      const attributes = [...page.matchAll(/(?:src|href)="(\S+)" integrity="(\S+)"/g)];
      expect(attributes.length).toBeGreaterThanOrEqual(2); // a script and a style sheet
      expect(page.indexOf("importmap")).toBeLessThan(page.indexOf('type="module"'));
      const claims = [
        ...Object.entries<string>(integrity),
        ...attributes.map(([, url = "", claim = ""]) => [url, claim] as const),
      ];
      for (const [url, claim] of claims) {
        const bytes = await Bun.file(built.at(`dist/site/${url}`)).bytes();
        expect(claim).toBe(`sha384-${createHash("sha384").update(bytes).digest("base64")}`);
        expect(manifest[url.slice(2)]).toMatchObject({ integrity: claim, bytes: bytes.length });
      }
    }
  });

  test("keeps the hashes in the import map of a page, and text that could end its element", async () => {
    using copy = built.copy();
    await copy.edit("site/index.html", (text) =>
      text.replace(
        '"imports": {',
        '"integrity": { "https://cdn.example/a.js": "sha384-a" }, "imports": { "a": "./\\u003c/script>.js",',
      ),
    );
    expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
    const page = await copy.text("dist/site/index.html");
    const { imports, integrity } = JSON.parse(/"importmap">(.+?)<\/script/.exec(page)?.[1] ?? "");
    expect(imports.a).toBe("./</script>.js");
    expect(integrity["https://cdn.example/a.js"]).toBe("sha384-a");
    expect(Object.keys(integrity).join(" ")).toMatch(/index-\w+\.js/);
  });

  test("adds the hashes to the first of two import maps", async () => {
    using copy = built.copy();
    const second = '<script type="importmap">{"imports":{"a":"./a.js"}}</script>';
    await copy.edit("site/index.html", (text) => text.replace("</head>", `${second}</head>`));
    expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
    const page = await copy.text("dist/site/index.html");
    expect(page).toContain(second);
    expect(page).toMatch(/"importmap">[^<]*site:settings[^<]*"integrity":[^<]*index-/);
  });

  test("keeps the import map of a page, and adds only the modules that the page can load", async () => {
    const page = await built.text("dist/site/index.html");
    const { imports, integrity } = JSON.parse(/"importmap">(.+?)</.exec(page)?.[1] ?? "");
    expect(imports).toEqual({ "site:settings": "./settings.js" });
    expect(Object.keys(integrity).join(" ")).not.toContain("history");
  });

  test("is split: a dynamic import is a separate chunk", async () => {
    const manifest = await readManifest();
    const main = fileLike(/^index-\w+\.js$/);
    const later = fileLike(/^later-\w+\.js$/);
    expect(manifest[main].dynamicImports).toEqual([later]);
    expect(await built.text(`dist/site/${main}`)).not.toContain("separate chunk");
    expect(await built.text(`dist/site/${later}`)).toContain("separate chunk");
  });

  test("replaces defines, and does not bundle externals", async () => {
    const main = await built.text(`dist/site/${fileLike(/^index-\w+\.js$/)}`);
    expect(main).not.toContain("SITE_VERSION");
    expect(main).toMatch(/from ?"site:settings"/);
    expect(await built.text("dist/site/settings.js")).toContain("contact");
  });

  test("has source maps with the paths of the sources in the project", async () => {
    const main = fileLike(/^index-\w+\.js$/);
    expect(await built.text(`dist/site/${main}`)).toEndWith(`//# sourceMappingURL=${main}.map\n`);
    const { sources } = JSON.parse(await built.text(`dist/site/${main}.map`));
    expect(sources).toContain("site/main.ts");
    for (const [path, text] of built.files("dist")) {
      expect({ path, named: text.includes(built.path) }).toEqual({ path, named: false });
    }
  });

  test("has compressed variants", () => {
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
  test("produce the same bytes, in any folder, with any order of files on disk, and at the same time", async () => {
    using copy = await Project.copy("backwards");
    const outcomes = await Promise.all([copy.build(), copy.build()]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(copy.files("dist")).toEqual(built.files("dist"));
    const left = [...copy.files(".cache").keys()].filter((path) => path.endsWith(".tmp"));
    expect(left).toEqual([]);
  });

  test("of the same files do not touch dist/, except to restore a file that was removed from it", async () => {
    using copy = built.copy();
    const { ino } = statSync(copy.at("dist/site/index.html"));
    expect((await copy.build()).stdout).toContain("Nothing has changed");
    expect(statSync(copy.at("dist/site/index.html")).ino).toBe(ino);
    rmSync(copy.at("dist/site/index.html"));
    expect((await copy.build()).exitCode).toBe(0);
    expect(copy.files("dist")).toEqual(built.files("dist"));
  });

  test("ignore damaged cache entries", async () => {
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
  });
});

test("a changed package is bundled again if bun.lock, its version or its patch has changed, and always if there is no bun.lock", async () => {
  using copy = built.copy();
  copyModules(copy);
  await copy.edit("site/main.ts", (text) => `${text}\nimport "dep";\n`);
  const buildsWith = async (version: string, manifest = "{}") => {
    await copy.write({
      "node_modules/dep/index.js": `console.log("version ${version}");\n`,
      "node_modules/dep/package.json": manifest,
    });
    expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
    expect([...copy.files("dist/site").values()].join("\n")).toContain(`version ${version}`);
  };
  await buildsWith("1");
  await copy.edit("bun.lock", (text) => `${text}\n`);
  await buildsWith("2");
  await copy.edit("bun.lock", (text) => `${text}\n`); // as after `git pull`
  await buildsWith("2");
  await buildsWith("2b", '{ "version": "2.0.1" }'); // as after `bun install`
  await copy.write({ "node_modules/dep/.bun-tag-1": "" }); // as after `bun install` with a new patch
  await buildsWith("2c", '{ "version": "2.0.1" }');
  await copy.write({ "node_modules/@a/dep/.bun-tag-1": "" });
  await buildsWith("2d", '{ "version": "2.0.1" }');
  rmSync(copy.at("bun.lock"));
  await buildsWith("3");
  await buildsWith("4");
});

test("a build does not replace the output of a newer one: it fails if its inputs have changed", async () => {
  using copy = built.copy();
  await copy.edit(
    "site/collections.ts",
    (text) => `${text}
const late = Bun.file("site/public/late.txt");
if (!(await late.exists())) await late.write("1");\n`,
  );
  await copy.edit("site/index.html", (text) => text.replace("Home", "Start"));
  const { exitCode, stderr } = await copy.build("--no-compress");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toContain(
    "site/public/late.txt changed during the build, so dist/ was not updated.",
  );
  expect(copy.files("dist")).toEqual(built.files("dist"));
  expect(await copy.build("--no-compress")).toMatchObject({ exitCode: 0 });
  expect(await copy.text("dist/site/late.txt")).toBe("1");
});

test("a folder that the site may import from is part of the cache's fingerprint", async () => {
  using copy = built.copy();
  await copy.edit("build/pipeline.ts", (text) => text.replace("SOURCE_FOLDERS = [", '$&"data", '));
  await copy.edit("site/main.ts", (text) => `${text}\nimport "../data/version.ts";\n`);
  for (const version of ["version 1", "version 2"]) {
    await copy.write({ "data/version.ts": `console.log("${version}");\n` });
    expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
    expect([...copy.files("dist/site").values()].join("\n")).toContain(version);
  }
});

test("every file that a tsconfig file extends is part of the cache's fingerprint, even if only tsc can find another one", async () => {
  using copy = built.copy();
  copyModules(copy);
  await copy.write({
    "node_modules/@tsconfig/strict/tsconfig.json": "{}",
    "node_modules/@tsconfig/strict/package.json": "{}",
  });
  await copy.edit("tsconfig.library.json", (text) =>
    text.replace(
      /"extends": ("[^"]+")/,
      '"extends": ["@tsconfig/strict", $1, "./base", "./later.json"]',
    ),
  );
  const hasComments = async (bases: Record<string, object>) => {
    for (const [path, compilerOptions] of Object.entries(bases)) {
      await copy.write({ [path]: JSON.stringify({ compilerOptions }) });
    }
    expect(await copy.build("--no-compress")).toMatchObject({ exitCode: 0 });
    const code = await copy.text("dist/library/format.js");
    return code.includes("// The interface of a format");
  };
  expect(await hasComments({ "base.json": { removeComments: true }, "later.json": {} })).toBe(
    false,
  );
  expect(await hasComments({ "base.json": { removeComments: false } })).toBe(true);
  expect(await hasComments({ "later.json": { removeComments: true } })).toBe(false);
});

test("after a change of the compression code, all files are compressed again", async () => {
  using copy = built.copy();
  await copy.edit("build/compress.ts", (text) => text.replace("BROTLI_MAX", "BROTLI_MIN"));
  expect(await copy.build("--only=site")).toMatchObject({ exitCode: 0 });
  const brotli = `dist/site/${fileLike(/^index-\w+\.js$/)}.br`;
  const sizeIn = (project: Project) => Bun.file(project.at(brotli)).size;
  expect(sizeIn(copy)).toBeGreaterThan(sizeIn(built));
});

const withBudget = (pattern: string) => (manifest: string) =>
  JSON.stringify({ ...JSON.parse(manifest), budgets: { [pattern]: "1 kB" } });

test.each<[string, (copy: Project) => unknown]>([
  [
    "a package of the workspace",
    (copy) => {
      copyModules(copy);
      symlinkSync(copy.at("data"), copy.at("node_modules/outside"), "junction");
      return copy.write({ "data/package.json": '{ "name": "outside", "main": "index.ts" }' });
    },
  ],
  [
    "an alias of tsconfig.json",
    (copy) =>
      copy.edit("tsconfig.json", (text) =>
        text.replace('"compilerOptions": {', '$& "paths": { "outside": ["./data/index.ts"] },'),
      ),
  ],
])("a schema may be imported through %s only if the cache tracks its file", async (_, prepare) => {
  using copy = built.copy();
  await prepare(copy);
  await copy.edit("site/schemas.ts", (text) =>
    `import { role } from "outside";\n${text}`.replace('z.enum(["author", "editor"])', "role"),
  );
  const writeRoles = (...roles: string[]) =>
    copy.write({
      "data/index.ts": `import { z } from "zod";\nexport const role = z.enum(${JSON.stringify(roles)});\n`,
    });
  await writeRoles("author", "editor");
  const refused = await copy.build("--only=site", "--no-compress");
  expect(refused.stderr).toContain(
    "The sources import data/index.ts, which the cache does not track",
  );
  expect(refused.exitCode).toBe(1);
  await copy.edit("build/pipeline.ts", (text) => text.replace("SOURCE_FOLDERS = [", '$&"data", '));
  expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
  await writeRoles("author");
  const { stderr } = await copy.build("--only=site", "--no-compress");
  expect(stderr).toContain("site/content/people.jsonl:2:1: ");
});

test.each([
  ["site/main.ts", "site/.generated/data.ts"],
  ["site/main.ts", "site/content/.draft.jsonl"],
  ["src/vite.ts", "src/.generated/data.ts"],
])("%s may not import %s: the cache does not track hidden files", async (importer, hidden) => {
  using copy = built.copy();
  await copy.write({ [hidden]: hidden.endsWith(".ts") ? "export {};\n" : "1\n" });
  const specifier = `./${relative(dirname(importer), hidden)}`;
  await copy.edit(importer, (text) => `import "${specifier}";\n${text}`);
  const { exitCode, stderr } = await copy.build("--only=site", "--no-compress");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toContain(`The sources import ${hidden}, which the cache does not track`);
  expect(stderr).toContain("If a name starts with a dot, rename it.");
  expect(copy.files("dist")).toEqual(built.files("dist"));
});

test("a build that fails also prunes the cache", async () => {
  using copy = built.copy();
  await copy.write({ ".cache/build/old": "" });
  truncateSync(copy.at(".cache/build/old"), 300 * 1024 * 1024); // without blocks on the disk
  await copy.edit("package.json", withBudget("site/**/*.js"));
  // The first build may store nothing, because the edit is too recent.
  for (const _ of "12") expect(await copy.build("--only=site")).toMatchObject({ exitCode: 1 });
  expect(existsSync(copy.at(".cache/build/old"))).toBe(false);
});

test("a file that is changed and reverted during a build fails it, and a swap file does not", async () => {
  using copy = built.copy();
  const { site, collections } = {
    site: await copy.text("build/site.ts"),
    collections: await copy.text("site/collections.ts"),
  };
  const editPage = (from: string, to: string) =>
    `await Bun.write("site/index.html", (await Bun.file("site/index.html").text()).replace("${from}", "${to}"));\n`;
  await copy.write({
    "site/collections.ts": collections + editPage("Home", "Other"),
    "build/site.ts": site.replace("refuseUntracked(", `${editPage("Other", "Home")}$&`),
  });
  const { exitCode, stderr } = await copy.build("--only=site", "--no-compress");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toContain("site/index.html changed during the build, so dist/ was not updated.");
  expect(copy.files("dist")).toEqual(built.files("dist"));
  const swap =
    'await Bun.write("site/.x.swp", "1");\nawait Bun.write("site/public/.DS_Store", "1");\n';
  await copy.write({ "site/collections.ts": collections + swap, "build/site.ts": site });
  expect(await copy.build()).toMatchObject({ exitCode: 0 });
  expect(copy.files("dist")).toEqual(built.files("dist"));
});

test("the cache does not store the files of public/", async () => {
  using copy = built.copy();
  const video = new Uint8Array(1_000_000).map((_, index) => index * index);
  await copy.write({ "site/public/video.mp4": video });
  const sizeOfCache = () =>
    Math.max(...pathsBelow(copy.at(".cache/build")).map((p) => statSync(p).size));
  expect(await copy.build("--no-compress")).toMatchObject({ exitCode: 0 });
  expect(sizeOfCache()).toBeLessThan(video.length);
  rmSync(copy.at("dist"), { recursive: true });
  expect(await copy.build("--no-compress")).toMatchObject({ exitCode: 0 });
  expect(await Bun.file(copy.at("dist/site/video.mp4")).bytes()).toEqual(video);
});

test("a plugin with a filter may load pages and style sheets, too", async () => {
  using copy = built.copy();
  await copy.edit("site/collections.ts", (text) =>
    text.replace(
      "allContent.setup(build);",
      `$&
    build.onLoad({ filter: /[/\\\\]snippet\\.html$/, namespace: "file" }, () => ({
      contents: 'export default "from the plugin";',
      loader: "js",
    }));`,
    ),
  );
  await copy.write({ "site/parts/snippet.html": "<p>from the file" });
  await copy.edit(
    "site/main.ts",
    (text) => `import part from "./parts/snippet.html";\n${text}\nconsole.log(part);\n`,
  );
  expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
  const main = [...copy.files("dist/site")].filter(([path]) => /^index-\w+\.js$/.test(path));
  expect(main.join("\n")).toContain("from the plugin");
});

describe("a build that fails prints the reason, and leaves dist/ unchanged:", () => {
  type Failure = [
    path: string,
    change: (text: string) => string,
    says: string[],
    options?: string[],
  ];
  const failures: Record<string, Failure> = {
    "a syntax error": [
      "site/show.ts",
      (text) => text.replace("function show(", "function show(("),
      ["site/show.ts:2", "function show(("],
    ],
    "an import of a missing file": [
      "site/show.ts",
      (text) => `${text}\nimport "./nowhere.ts";\n`,
      ["./nowhere.ts", "site/show.ts:"],
    ],
    "a page with a missing script": [
      "site/index.html",
      (text) => text.replace("main.ts", "mian.ts"),
      ["site/index.html: ", "./mian.ts"],
    ],
    "an invalid style sheet": [
      "site/style.css",
      (text) => `${text}@import "./more.css";\n`,
      ["site/style.css:12", '| @import "./more.css";\n'],
    ],
    "an import map that is not JSON": [
      "site/index.html",
      (text) => text.replace('{ "imports": {', '{ "imports": { oops'),
      ["import map of site/index.html is not valid JSON", "oops"],
    ],
    "content that its schema rejects": [
      "site/content/people.jsonl",
      (text) => text.replace("editor", "reader"),
      ["\nsite/content/people.jsonl:2:1: ", "role"],
    ],
    "a budget that is exceeded": [
      "package.json",
      withBudget("site/**/*.js"),
      ["`site/**/*.js` is ", "over its budget of 1 kB"],
      ["--only=site", "--no-compress"],
    ],
    "a budget that matches no file": [
      "package.json",
      withBudget("site/**/*.scss"),
      ["`site/**/*.scss` matches no file"],
      ["--no-compress"],
    ],
    "an import from a folder outside the fingerprint": [
      "site/show.ts",
      (text) => `${text}\nimport "../test/until.ts";\n`,
      ["test/until.ts", "SOURCE_FOLDERS"],
    ],
    "an import of a schema from a folder outside the fingerprint": [
      "site/schemas.ts",
      (text) => `${text}\nimport "../test/until.ts";\n`,
      ["test/until.ts", "SOURCE_FOLDERS"],
    ],
    "a page whose name has a meaning in URLs": [
      "site/what?.html",
      () => "<h1>What</h1>",
      ["not allowed in a URL: site/what?.html", "Rename"],
    ],
    "a page whose extension is in upper case": [
      "site/X.HTML",
      () => "<h1>X</h1>",
      ["These files cannot be pages: site/X.HTML", "in lower case"],
    ],
    "a file of public/ whose name differs from that of a page only in case": [
      "site/public/About.html",
      () => "<h1>Another</h1>",
      ["dist/site/about.html would be written by site/public and by the build of site/*.html"],
    ],
    "a folder of public/ whose name differs from that of a page only in case": [
      "site/public/ABOUT.html/a.txt",
      () => "",
      ["dist/site/ABOUT.html would be a file of the build of site/*.html and a folder of site/p"],
    ],
    "a file of public/ with the name of a page": [
      "site/public/about.html",
      () => "<h1>Another</h1>",
      ["dist/site/about.html would be written by site/public and by the build of site/*.html"],
    ],
    "a folder of public/ with the name of a page": [
      "site/public/about.html/a.txt",
      () => "",
      ["dist/site/about.html would be a file of the build of site/*.html and a folder of site/p"],
    ],
    "a folder of public/ with the name of a compressed file": [
      "site/public/settings.js.gz/a.txt",
      () => "",
      ["dist/site/settings.js.gz would be a file of the compression of another file and a folder"],
    ],
    "a file of public/ with the name of a compressed one": [
      "site/public/settings.js.gz",
      () => "not gzip",
      ["dist/site/settings.js.gz would be written by site/public and by the compression"],
    ],
  };
  test.each(Object.entries(failures))("%s", async (_, [path, change, says, options = []]) => {
    using copy = built.copy();
    await copy.edit(path, change);
    const { exitCode, stderr } = await copy.build(...options);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
    for (const part of says) expect(stderr).toContain(part);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(copy.files("dist")).toEqual(built.files("dist"));
  });
});

test("a page that is a symbolic link is refused, and may be in public/", async () => {
  using copy = built.copy();
  symlinkSync("index.html", copy.at("site/start.html"));
  const { exitCode, stderr } = await copy.build();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toContain("These files cannot be pages: site/start.html");
  rmSync(copy.at("site/start.html"));
  symlinkSync("../about.html", copy.at("site/public/start.html"));
  expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
  expect(await copy.text("dist/site/start.html")).toBe(await copy.text("site/about.html"));
});

test("a chunk whose name has a meaning in URLs is refused", async () => {
  using copy = built.copy();
  await copy.write({ "site/100%.ts": "export {};\n" });
  await copy.edit("site/main.ts", (text) => `${text}\nconsole.log(import("./100%.ts"));\n`);
  const { exitCode, stderr } = await copy.build();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toContain("not allowed in a URL: ./100%-");
});

test("a build reports type errors in the library together with errors in the site, and leaves dist/ unchanged", async () => {
  using copy = built.copy();
  await copy.edit("src/frame.ts", (text) => `${text}\nexport const no: number = "";\n`);
  await copy.edit("site/content/people.jsonl", () => "{");
  const { exitCode, stderr } = await copy.build();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  for (const part of ["src/frame.ts(", "not assignable", "site/content/people.jsonl:1:1"]) {
    expect(stderr).toContain(part);
  }
  expect(stderr).not.toMatch(/^ +at /m);
  expect(copy.files("dist")).toEqual(built.files("dist"));
});

test("an error of the system is printed without a stack trace", async () => {
  using copy = built.copy();
  rmSync(copy.at(".cache"), { recursive: true });
  await copy.write({ ".cache": "not a folder" });
  const { exitCode, stderr } = await copy.build();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toMatch(/ENOTDIR|EEXIST/);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(copy.files("dist")).toEqual(built.files("dist"));
});

test("package.json needs no version", async () => {
  using copy = built.copy();
  await copy.edit("package.json", (text) => text.replace(/"version": ".+?",/, ""));
  expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
});

test("control characters in names do not reach the terminal", async () => {
  using copy = built.copy();
  await copy.write({ "site/public/\u001b[31m.txt": "1" });
  expect((await copy.build("--no-compress")).stdout).toContain("site/␛[31m.txt");
  await copy.write({ "site/\u001b[31m%.html": "" });
  expect((await copy.build("--no-compress")).stderr).toContain("site/␛[31m%.html");
});

test("public/ may have a web app manifest", async () => {
  using copy = built.copy();
  await copy.write({ "site/public/manifest.json": '{ "name": "My PWA" }' });
  expect(await copy.build()).toMatchObject({ exitCode: 0 });
  expect(await copy.text("dist/site/manifest.json")).toBe('{ "name": "My PWA" }');
  expect(Object.keys(JSON.parse(await copy.text("dist/manifest.json")))).toContain("index.html");
});

test("another page and another dynamic import need no configuration", async () => {
  using copy = built.copy();
  await copy.write({
    "site/contact.html": '<script type="module" src="./contact.ts"></script>',
    "site/contact.ts": 'console.log(await import("./form.ts"));\nexport {};\n',
    "site/form.ts": 'export const form = "a form";\n',
  });
  expect(await copy.build("--only=site", "--no-compress")).toMatchObject({ exitCode: 0 });
  const page = await copy.text("dist/site/contact.html");
  expect(page).toMatch(/"importmap">.*"\.\/form-\w+\.js":"sha384-.*<\/script>.*src="\.\/contact-/);
});

test("a build without pages (site/ is emptied or deleted) fails, and leaves dist/ unchanged", async () => {
  using copy = built.copy();
  const failsWithoutPages = async () => {
    const { exitCode, stderr } = await copy.build();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
    expect(stderr).toContain("There is no page: site/ contains no .html file.");
    expect(copy.files("dist")).toEqual(built.files("dist"));
  };
  rmSync(copy.at("site"), { recursive: true });
  mkdirSync(copy.at("site"));
  await failsWithoutPages();
  rmSync(copy.at("site"), { recursive: true });
  await failsWithoutPages();
  expect(await copy.build("--only=library")).toMatchObject({ exitCode: 0 });
});

test("sizes are compared with the previous build", async () => {
  using copy = built.copy();
  await copy.edit("site/style.css", (text) => `${text}\nnav {\n  display: grid;\n}\n`);
  const { stdout } = await copy.build("--no-compress");
  expect(stdout).toMatch(/^site\/\w+-\w+\.css .* \+\d+ B$/m);
  expect(stdout).toMatch(/^site\/robots\.txt .* =$/m);
});

test("unknown options are refused", async () => {
  for (const options of [["--only=nothing"], ["--fast"], ["--only=library", "--watch"]]) {
    expect(await built.build(...options)).toMatchObject({ exitCode: 1 });
  }
});

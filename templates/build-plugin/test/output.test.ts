// Updates of the output folder: in place, by one build at a time, through symbolic links and mounts.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, join } from "node:path";
import { lock } from "../scripts/lock.ts";
import { type Files, updateFolder } from "../scripts/output.ts";
import { bun, COMMAND_TIMEOUT, command } from "./command.ts";
import { Folder } from "./folder.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const files = (texts: Readonly<Record<string, string>>): Files =>
  new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));

const pages = files({ "pages/index.html": "<p>", "pages/a/b.js": "1", "report.json": "{}" });

/** Texts of the files below a folder, links not followed. */
function textsBelow(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
  const isFile = (path: string) => lstatSync(join(folder, path)).isFile();
  const texts = paths
    .filter(isFile)
    .map((path) => [path, readFileSync(join(folder, path), "utf8")]);
  return Object.fromEntries(texts);
}

const expected = { "report.json": "{}", "pages/a/b.js": "1", "pages/index.html": "<p>" };
const update = (folder: Folder, wanted: Files) => updateFolder(folder.at("dist"), wanted);

const UNSHARE = ["unshare", "--mount", "--map-root-user", "sh", "-c"];
const canMount =
  process.platform === "linux" &&
  (await command(".", [...UNSHARE, "mount -t tmpfs none /mnt"]).catch(() => undefined))
    ?.exitCode === 0;

test("the folder contains exactly the files, and the result says whether it changed", () => {
  using folder = new Folder();
  expect(update(folder, pages)).toBe(true);
  expect(update(folder, pages)).toBe(false);
  expect(textsBelow(folder.at("dist"))).toEqual(expected);
  expect(update(folder, files({ "pages/a/b.js": "2" }))).toBe(true);
  expect(textsBelow(folder.at("dist"))).toEqual({ "pages/a/b.js": "2" });
});

test("a name may have the maximum length", () => {
  using folder = new Folder();
  const name = `${"n".repeat(251)}.txt`;
  for (const text of ["1", "2"]) {
    update(folder, files({ [name]: text }));
    expect(textsBelow(folder.at("dist"))).toEqual({ [name]: text });
  }
});

test("`.git` is kept, because the folder may be a checkout of the branch to deploy", async () => {
  using folder = new Folder();
  const git = { ".git": "gitdir: elsewhere", "library/.git": "gitdir: x", "pages/.git/HEAD": "1" };
  for (const [path, text] of Object.entries(git)) await folder.write({ [`dist/${path}`]: text });
  await folder.write({ "dist/library/index.js": "" });
  expect(update(folder, pages)).toBe(true);
  expect(textsBelow(folder.at("dist"))).toEqual({ ...expected, ...git });
  expect(update(folder, pages)).toBe(false);
});

test.each(["pages/a/b.js/.git/HEAD", "report.json/x/.git"])(
  "%s stops the build, because its folder is where a file is written",
  async (path) => {
    using folder = new Folder();
    await folder.write({ [`dist/${path}`]: "1", "dist/old.js": "" });
    expect(() => update(folder, pages)).toThrow(/is in its place\. Move the folder away\.$/);
    expect(textsBelow(folder.at("dist"))).toEqual({ [path]: "1", "old.js": "" });
  },
);

test("a file replaces a folder, and a folder replaces a file", () => {
  using folder = new Folder();
  update(folder, files({ "a/b": "1", c: "2", "e/f/g": "3" }));
  mkdirSync(folder.at("dist/h/empty"), { recursive: true });
  const swapped = { a: "1", "c/d": "2", "e/f": "3", h: "4" };
  expect(update(folder, files(swapped))).toBe(true);
  expect(textsBelow(folder.at("dist"))).toEqual(swapped);
});

test("a file replaces a link to a folder, whose contents are not touched", async () => {
  using folder = new Folder();
  await folder.write({ "photos/1.jpg": "1", "dist/x": "" });
  symlinkSync(folder.at("photos"), folder.at("dist/a"));
  expect(update(folder, files({ a: "1" }))).toBe(true);
  expect(textsBelow(folder.at("dist"))).toEqual({ a: "1" });
  expect(textsBelow(folder.at("photos"))).toEqual({ "1.jpg": "1" });
});

test("a change must be confirmed before anything is written", () => {
  using folder = new Folder();
  update(folder, pages);
  const confirm = () => {
    throw new Error("not now");
  };
  expect(updateFolder(folder.at("dist"), pages, confirm)).toBe(false);
  expect(() => updateFolder(folder.at("dist"), files({ new: "1" }), confirm)).toThrow("not now");
  expect(textsBelow(folder.at("dist"))).toEqual(expected);
});

describe("a symbolic link is kept, and the files are written to its target:", () => {
  const links = {
    "the folder": "dist",
    "a folder in it": "dist/pages",
    "a folder below": "dist/pages/a",
  };
  test.each(Object.entries(links))("%s", (_, path) => {
    using folder = new Folder();
    mkdirSync(folder.at("www"));
    mkdirSync(folder.at(join(path, "..")), { recursive: true });
    symlinkSync(folder.at("www"), folder.at(path));
    for (const wanted of [pages, new Map([...pages, ["pages/index.html", Buffer.from("<b>")]])]) {
      expect(update(folder, wanted)).toBe(true);
      expect(lstatSync(folder.at(path)).isSymbolicLink()).toBe(true);
      for (const [name, bytes] of wanted) {
        expect(readFileSync(folder.at(join("dist", name)))).toEqual(Buffer.from(bytes));
      }
    }
    expect(readdirSync(folder.at("www"))).not.toBeEmpty();
  });

  test("a file", async () => {
    using folder = new Folder();
    await folder.write({ "www/report.json": "old", "dist/x": "" });
    symlinkSync(folder.at("www/report.json"), folder.at("dist/report.json"));
    update(folder, pages);
    expect(textsBelow(folder.at("www"))).toEqual({ "report.json": "{}" });
    expect(lstatSync(folder.at("dist/report.json")).isSymbolicLink()).toBe(true);
  });
});

test.skipIf(process.platform === "win32").each([0o600, 0o640, 0o664])(
  "a file that is replaced keeps its mode %o",
  (mode) => {
    using folder = new Folder();
    update(folder, pages);
    chmodSync(folder.at("dist/report.json"), mode);
    update(folder, files({ "report.json": "[]" }));
    expect(statSync(folder.at("dist/report.json")).mode & 0o777).toBe(mode);
  },
);

test("a link to the folder of the library, and every `.git` below it, are kept if only the library is built", async () => {
  using project = await Project.copy();
  const git = { "www/.git": "gitdir: x", "www/docs/.git/HEAD": "1" };
  await project.write({ ...git, "www/old.js": "", "dist/library.tmp/x": "mine" });
  symlinkSync(project.at("www"), project.at("dist/library"), "junction");
  expect(await project.build("--only=library")).toMatchObject({ exitCode: 0 });
  expect(lstatSync(project.at("dist/library")).isSymbolicLink()).toBe(true);
  for (const [path, text] of Object.entries(git)) expect(await project.text(path)).toBe(text);
  expect(await project.text("dist/library.tmp/x")).toBe("mine");
  const names = readdirSync(project.at("www"));
  expect(names).toContain("index.js");
  expect(names).not.toContain("old.js");
  expect(readdirSync(project.at("dist")).toSorted()).toEqual(["library", "library.tmp"]);
});

test.skipIf(!canMount)(
  `the folder of the library is a mount${canMount ? "" : " (this machine does not let tests mount)"}`,
  async () => {
    using project = await Project.copy();
    await project.write({ "www/old.js": "", "dist/library/x": "" });
    const build = `mount --bind www dist/library && ${process.execPath} build.ts --only=library`;
    const { exitCode, stderr } = await command(project.path, [...UNSHARE, build]);
    expect(exitCode, stderr).toBe(0);
    expect(readdirSync(project.at("www"))).toContain("index.js");
    expect(readdirSync(project.at("www"))).not.toContain("old.js");
  },
);

test("a link without wanted files below it is removed, and its target is not touched", async () => {
  using folder = new Folder();
  await folder.write({ "photos/1.jpg": "1", "dist/x": "" });
  symlinkSync(folder.at("photos"), folder.at("dist/photos"));
  update(folder, pages);
  expect(textsBelow(folder.at("dist"))).toEqual(expected);
  expect(existsSync(folder.at("dist/photos"))).toBe(false);
  expect(textsBelow(folder.at("photos"))).toEqual({ "1.jpg": "1" });
});

test.each(["dist", "dist/pages", "dist/pages/a/b.js"])("a dangling link is refused: %s", (path) => {
  using folder = new Folder();
  mkdirSync(folder.at(join(path, "..")), { recursive: true });
  symlinkSync(folder.at("nowhere"), folder.at(path));
  const message = `${path} is a link to ${folder.at("nowhere")}, which does not exist`;
  expect(() => update(folder, pages)).toThrow(message);
  expect(lstatSync(folder.at(path)).isSymbolicLink()).toBe(true);
});

test("a dangling link to the folder of the library is refused", async () => {
  using project = await Project.copy();
  mkdirSync(project.at("dist"));
  symlinkSync("nowhere", project.at("dist/library"));
  expect(await project.build("--only=library")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("dist/library is a link to nowhere, which does not exist"),
  });
});

test.each([[], ["--only=library"]])(
  "an unusable lock is reported by name: %j",
  async (...options) => {
    using project = await Project.copy();
    await project.write({ ".cache/build.lock": "not a database" });
    const { exitCode, stderr } = await project.build(...options);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("The lock .cache/build.lock is unusable: ");
    expect(stderr).not.toMatch(/^ +at /m);
  },
);

test.each<[string, Record<string, string>, Record<string, string>]>([
  ["a file", { "a/b": "1" }, { "a/b": "2" }],
  ["a file that replaces a folder", { "a/b": "1" }, { a: "2" }],
  ["a file in a folder that replaces a file", { a: "1", b: "1" }, { "a/b/c": "2", b: "1" }],
])("a failed write changes nothing, and leaves no temporary files: %s", (_, before, after) => {
  using folder = new Folder();
  update(folder, files(before));
  // The name is too long for every file system.
  const wanted = files({ ...after, ["z".repeat(300)]: "" });
  expect(() => update(folder, wanted)).toThrow("ENAMETOOLONG");
  expect(textsBelow(folder.at("dist"))).toEqual(before);
  expect(readdirSync(folder.at("dist"))).toHaveLength(Object.keys(before).length);
});

test.skipIf(!canMount)(
  `the folder is a mount, or the cache is on another disk${canMount ? "" : " (this machine does not let tests mount)"}`,
  async () => {
    using folder = new Folder();
    await folder.write({
      "update.ts": `import { updateFolder } from ${JSON.stringify(join(import.meta.dir, "../scripts/output.ts"))};
console.log(updateFolder("dist", new Map([["pages/a.js", Buffer.from(process.argv[2])]])));\n`,
      "www/x": "",
      ".cache/x": "",
      "dist/x": "",
    });
    for (const mount of ["mount -t tmpfs none .cache", "mount --bind www dist"]) {
      const script = `${mount} && ${process.execPath} update.ts 1 && ${process.execPath} update.ts 2 && cat dist/pages/a.js`;
      const { stdout, stderr } = await command(folder.path, [...UNSHARE, script]);
      expect(stdout, stderr).toBe("true\ntrue\n2");
    }
    expect(textsBelow(folder.at("www"))).toEqual({ "pages/a.js": "2" });
  },
);

test("a build that still holds the lock is named as the reason", () => {
  using folder = new Folder();
  using _ = lock(folder.at("lock"));
  const message = `Another build still holds the lock ${folder.at("lock")}`;
  expect(() => lock(folder.at("lock"), 1)).toThrow(message);
});

test("on a disk that ignores case, a file whose name changes only in case is kept", async () => {
  using folder = new Folder();
  await folder.write({
    "dist/About.html": "1",
    "dist/Notes/a.html": "1",
    "dist/Notes/b.html": "1",
  });
  const wanted = { "about.html": "2", "notes/a.html": "2" };
  // Like such a disk, this `rmSync` also removes files whose names differ in case.
  await folder.write({
    "update.ts": `const fs = require("node:fs");
const { rmSync } = fs;
fs.rmSync = (path, options) => {
  for (const name of fs.readdirSync("dist", { recursive: true })) {
    if ("dist/" + name.toLowerCase() === path.toLowerCase()) rmSync("dist/" + name, options);
  }
};
const { updateFolder } = await import(${JSON.stringify(join(import.meta.dir, "../scripts/output.ts"))});
updateFolder("dist", new Map(Object.entries(${JSON.stringify(wanted)}).map(([path, text]) => [path, Buffer.from(text)])));\n`,
  });
  const { exitCode, stderr } = await bun(folder.path, "update.ts");
  expect(exitCode, stderr).toBe(0);
  expect(textsBelow(folder.at("dist"))).toEqual(wanted);
});

test("pages and their compressed variants are replaced last", async () => {
  using folder = new Folder();
  await folder.write({
    "update.ts": `const fs = require("node:fs");
const { renameSync } = fs;
fs.renameSync = (from, to) => {
  console.log(to);
  renameSync(from, to);
};
const { updateFolder } = await import(${JSON.stringify(join(import.meta.dir, "../scripts/output.ts"))});
const names = ["a.html", "a.html.br", "a.html.gz", "b.js", "b.js.gz"];
updateFolder("dist", new Map(names.map((name) => [name, Buffer.from("1")])));\n`,
  });
  const { stdout, stderr } = await bun(folder.path, "update.ts");
  const renamed = stdout
    .trim()
    .split("\n")
    .map((path) => basename(path));
  expect(renamed, stderr).toEqual(["b.js", "b.js.gz", "a.html", "a.html.br", "a.html.gz"]);
});

test("concurrent builds never mix their files", async () => {
  using folder = new Folder();
  await folder.write({
    "update.ts": `import { updateFolder } from ${JSON.stringify(join(import.meta.dir, "../scripts/output.ts"))};
import { lock } from ${JSON.stringify(join(import.meta.dir, "../scripts/lock.ts"))};
for (let round = 0; round < 20; round++) {
  const text = process.argv[2] + round;
  const names = Array.from({ length: 20 }, (_, index) => "f" + (index % 4) + "/" + index + text);
  using _ = lock("lock");
  updateFolder("dist", new Map(names.map((name) => [name, Buffer.from(text)])));
}\n`,
  });
  const outcomes = await Promise.all(
    ["a", "b", "c"].map((name) => bun(folder.path, "update.ts", name)),
  );
  for (const { exitCode, stderr } of outcomes) expect(exitCode, stderr).toBe(0);
  const texts = Object.values(textsBelow(folder.at("dist")));
  expect(texts).toHaveLength(20);
  expect(new Set(texts).size).toBe(1);
});

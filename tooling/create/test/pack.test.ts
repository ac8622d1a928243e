// The published package: its content with every packer, and that it creates the same projects as the clone.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { partsOf } from "../src/flatten/flatten.ts";
import { storedPath } from "../src/flatten/stored-names.ts";
import { pack } from "../src/release/pack.ts";
import { openClone } from "../src/sources/clone.ts";
import { readRepository } from "../src/sources/repository.ts";
import { BANNER, ended } from "./sandbox.ts";

setDefaultTimeout(120_000);

const root = resolve(import.meta.dir, "../../..");
const clone = openClone(root);
const templates = await clone.list();
const folder = await mkdtemp(join(tmpdir(), "create-pack-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const built = join(folder, "built");
await pack(built);

const run = (cwd: string, ...command: string[]) =>
  ended(Bun.spawn(command, { cwd, stdout: "pipe", stderr: "pipe" }));

async function tree(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const read = async (file: string) =>
    [file.slice(folder.length + 1).replaceAll("\\", "/"), await readFile(file, "base64")] as const;
  return new Map((await Promise.all(files.sort().map(read))).sort());
}

async function expected(): Promise<string[]> {
  const parts = templates.flatMap(({ name }) => partsOf(name));
  const files = [...(await readRepository(root, parts)).keys()]
    .filter((path) => !/^packages\/shared\/(test\/|README\.md|tsconfig\.json)/.test(path))
    .map((path) => `repository/${storedPath(path)}`);
  const documents = ["CHANGELOG.md", "LICENSE", "README.md"];
  return [...documents, "create.js", "package.json", "templates.json", ...files].sort();
}

const packers = [
  ["bun pm pack", [process.execPath, "pm", "pack", "--quiet", "--destination"]],
  ["npm pack", ["npm", "pack", "--silent", "--pack-destination"]],
] as const;

describe.each(packers.filter(([, [program]]) => Bun.which(program) !== null))(
  "%s",
  (name, command) => {
    const home = join(folder, name.replaceAll(" ", "-"));
    const unpacked = join(home, "package");

    test("packs exactly the command, the starters and the documents", async () => {
      await mkdir(home);
      expect(await run(built, ...command, home)).toMatchObject({ code: 0 });
      const [tarball = ""] = await readdir(home);
      expect(tarball).toMatch(/^create-bunyard-.*\.tgz$/);
      expect(await run(home, "tar", "xzf", tarball)).toMatchObject({ code: 0 });
      expect([...(await tree(unpacked)).keys()]).toEqual(await expected());
      expect(await tree(unpacked)).toEqual(await tree(built));
    });

    test.each(templates.map((template) => template.name))(
      "creates %s byte for byte as the clone does",
      async (template) => {
        const flags = ["--template", template, "--no-install", "--no-git", "--name", "same"];
        const published = join(home, "published", template);
        const entries = [
          [join(unpacked, "create.js"), published, BANNER],
          [resolve(import.meta.dir, "../src/main.ts"), join(home, "source", template), ""],
        ] as const;
        for (const [entry, target, stderr] of entries) {
          const created = await run(home, process.execPath, entry, target, ...flags);
          expect(created).toMatchObject({ code: 0, stderr });
        }
        expect(await tree(published)).toEqual(await tree(join(home, "source", template)));
      },
    );
  },
);

test("the manifest has no dependencies and no scripts, and the command is executable", async () => {
  const manifest = JSON.parse(await readFile(join(built, "package.json"), "utf8"));
  expect(Object.keys(manifest)).not.toContain("private");
  for (const key of ["dependencies", "devDependencies", "scripts"]) {
    expect(manifest).not.toHaveProperty(key);
  }
  expect(manifest.bin).toEqual({ "create-bunyard": "create.js" });
  const command = await readFile(join(built, "create.js"), "utf8");
  expect(command).toStartWith("#!/usr/bin/env bun\n");
  if (process.platform !== "win32") {
    expect((await stat(join(built, "create.js"))).mode & 0o111).toBe(0o111);
  }
});

test("the bundle needs only Bun, uses no network and no path of this machine, and loads prompts lazily", async () => {
  const command = await readFile(join(built, "create.js"), "utf8");
  expect(command).not.toContain(resolve(import.meta.dir, "../../.."));
  const required = [...command.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name ?? "");
  const isBuiltIn = (name: string) =>
    name === "bun:sqlite" || /^node:[a-z]+(\/[a-z]+)?$/.test(name);
  expect(required.filter((name) => !isBuiltIn(name))).toEqual([]);
  // Node has no bun:sqlite, and has to get as far as the message that says what is needed.
  expect(command).not.toMatch(/^\S.*require\("bun:sqlite"\)/m);
  // The network is for the user's own `bun install`.
  expect(required.filter((name) => /^node:(https?|http2|net|tls|dgram|dns)\b/.test(name))).toEqual(
    [],
  );
  expect(command).not.toMatch(/\b(fetch|WebSocket|Bun\.(connect|serve|listen|udpSocket))\(/);
  // Code that is evaluated at the start is not indented. A lazily loaded module is indented in its wrapper.
  expect(command).toMatch(/^ +import_node_readline\w* = .*require\("node:readline"\)/m);
  expect(command).not.toMatch(/^\S.*require\("node:(readline|util|tty)"\)/m);
});

// `bun run templates` and Bun's own `bun create <starter>`: in the clone, and with BUN_CREATE_DIR from anywhere.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { projectOf } from "../contract/project.ts";
import { Session } from "../readme/session.ts";
import { readManifest, templateNames } from "../workspaces.ts";
import { Clone } from "./clone.ts";
import { expectSameFiles } from "./files.ts";
import { succeed } from "./program.ts";
import { commandsFor } from "./readme.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const HEADING = "With the templates of `bun create`";
const clone = await Clone.open();
afterAll(() => clone[Symbol.asyncDispose]());
const templates = join(clone.root, ".bun-create");
const place = join(clone.place, "anywhere");
const projects = await Promise.all(
  templateNames().map((name) => projectOf(name, join(place, `my-${name}`))),
);

beforeAll(async () => {
  await mkdir(place);
  await clone.bun("run", "templates");
});

test("the folder is replaced as a whole, with the same content, and git does not see it", async () => {
  const before = await clone.git("hash-object", ...(await inTemplates()));
  await Bun.write(join(templates, "left-over", "package.json"), "{}");
  await Bun.write(join(templates, "http-sse", "left-over.txt"), "");
  await Promise.all([clone.bun("run", "templates"), clone.bun("run", "templates")]);
  expect(await clone.git("hash-object", ...(await inTemplates()))).toBe(before);
  expect((await readdir(templates)).sort()).toEqual([...templateNames()]);
  expect(await clone.git("status", "--porcelain")).toBe("");
});

async function inTemplates(): Promise<string[]> {
  const entries = await readdir(templates, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

test.concurrent.each(projects)(
  "BUN_CREATE_DIR makes $name, committed with its lockfile",
  async ({ name, directory }) => {
    const env = { ...clone.env, BUN_CREATE_DIR: templates };
    const create = [process.execPath, "create", name, `my-${name}`];
    const output = await succeed(create, { cwd: place, env });
    expect(output).toContain(`\n  cd my-${name}\n  bun run dev\n`);
    const git = (...args: string[]) => clone.git("-C", directory, ...args);
    expect(await git("log", "--format=%an")).toBe("Ann");
    expect(await git("ls-files", "bun.lock", ".gitignore")).toBe(".gitignore\nbun.lock");
    expect(await readManifest(directory)).not.toHaveProperty("bun-create");
    // The files equal those of a created project, whose commands run in test/starters/.
    // Bun's own command writes the new name into package.json only.
    const created = await clone.create(name, name);
    const manifest = Bun.file(join(created, "package.json"));
    const renamed = (await manifest.text()).replace(`"name": "${name}"`, `"name": "my-${name}"`);
    await manifest.write(renamed);
    await expectSameFiles(directory, created);
    const install = [process.execPath, "install", "--frozen-lockfile"];
    await succeed(install, { cwd: directory, env: clone.env });
    expect(await git("status", "--porcelain")).toBe("");
  },
);

test("in the clone, each makes the same, and the clone's own checks pass beside it", async () => {
  await clone.bun("install", "--frozen-lockfile");
  for (const { name, directory } of projects) {
    await clone.bun("create", name, `my-${name}`, "--no-install");
    await expectSameFiles(join(clone.root, `my-${name}`), directory);
  }
  await clone.bun("run", "lint");
});

test.skipIf(process.platform === "win32")("the commands of the README", async () => {
  await using session = new Session(clone.root, clone.env);
  for (const command of commandsFor(HEADING, "http-sse")) await session.run(command);
  const made = join(clone.place, "my-http-sse");
  await expectSameFiles(made, join(place, "my-http-sse"));
  expect(existsSync(join(made, "node_modules"))).toBe(true);
});

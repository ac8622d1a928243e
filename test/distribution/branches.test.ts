// `bun run branches`: reproducible branches with a history, each of which is a starter to clone.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { projectOf } from "../contract/project.ts";
import { missingFor } from "../contract/requirements.ts";
import { Session } from "../readme/session.ts";
import { templateNames } from "../workspaces.ts";
import { Clone } from "./clone.ts";
import { expectSameFiles } from "./files.ts";
import { run, succeed } from "./program.ts";
import { commandsFor } from "./readme.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const HEADING = "One starter as a repository";
const names = templateNames();
const clone = await Clone.open();
const { version } = await Bun.file(join(clone.root, "package.json")).json();
afterAll(() => clone[Symbol.asyncDispose]());
const place = join(clone.place, "cloned");
const projects = await Promise.all(
  names.map((name) => projectOf(name, join(place, name, `my-${name}`))),
);
let url: string;

/** The branches of a repository, with their latest commits. */
const branchesOf = (git: Clone["git"]) =>
  git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/template");
const branches = () => branchesOf((...args) => clone.git(...args));

beforeAll(async () => {
  await clone.bun("run", "branches");
  url = await clone.publish();
});

test("each starter has its branch, with one commit and the date of the source", async () => {
  const listed = await branches();
  expect(listed.split("\n").map((line) => line.split(" ")[0])).toEqual(
    names.map((name) => `template/${name}`),
  );
  const [name = ""] = names;
  expect(await clone.git("log", "--format=%an %cn %ct %s", `template/${name}`)).toBe(
    `Bunyard Bunyard ${await clone.git("log", "-1", "--format=%ct")} ${name} ${version}`,
  );
});

test("the same commit gives the same branches, whatever the machine", async () => {
  const expected = await branches();
  await clone.git("branch", "--delete", "--force", ...names.map((name) => `template/${name}`));
  await appendFile(join(clone.root, "templates/http-sse/README.md"), "Not committed.\n");
  await succeed([process.execPath, "run", "branches"], {
    cwd: clone.root,
    env: {
      ...clone.env,
      ...{ GIT_AUTHOR_NAME: "Eve", GIT_COMMITTER_DATE: "2001-01-01T00:00:00Z", TZ: "Asia/Tokyo" },
      ...{ NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/", BUN_INSTALL_CACHE_DIR: clone.place },
    },
  });
  expect(await branches()).toBe(expected);
  await clone.git("restore", ".");
});

test("a release is a commit on top, and only of what has changed", async () => {
  const before = await branches();
  await appendFile(join(clone.root, "templates/http-sse/README.md"), "\nOne starter changes.\n");
  await clone.commit();
  const output = await clone.bun("run", "branches");
  expect(output.match(/ \(unchanged\)/g)).toHaveLength(names.length - 1);
  const changed = (await branches()).split("\n").filter((line) => !before.includes(line));
  expect(changed.map((line) => line.split(" ")[0])).toEqual(["template/http-sse"]);
  expect(before).toContain(await clone.git("rev-parse", "template/http-sse^"));
  expect(await clone.git("diff", "--name-only", "template/http-sse^", "template/http-sse")).toBe(
    "README.md",
  );
});

test("--push continues from the state of the remote, without force", async () => {
  const bare = Bun.fileURLToPath(url);
  const inBare = (...args: string[]) => clone.git("-C", bare, ...args);
  const published = await branchesOf(inBare);
  await clone.git("branch", "--delete", "--force", ...names.map((name) => `template/${name}`));
  await clone.bun("run", "branches", "--push", url);
  expect(await branches()).toBe("");
  expect(await inBare("log", "--format=%s", "template/http-sse")).toBe(
    `http-sse ${version}\nhttp-sse ${version}`,
  );
  expect(published).toContain(await inBare("rev-parse", "template/http-sse^"));
  const pushed = await branchesOf(inBare);
  await clone.bun("run", "branches", "--push", url);
  expect(await branchesOf(inBare)).toBe(pushed);
});

test.each([
  ["an unknown revision", ["nothing"], "bad revision 'nothing"],
  ["an unknown option", ["--pull"], "Unknown option '--pull'"],
  ["an unknown remote", ["--push", "nowhere"], "nowhere"],
])("%s is an error", async (_, args, message) => {
  const command = [process.execPath, "run", "branches", ...args];
  const { code, stderr } = await run(command, { cwd: clone.root, env: clone.env });
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});

test("a template that breaks a rule moves no branch", async () => {
  const before = await branches();
  await Bun.write(join(clone.root, "templates/websocket-chat/biome.json"), "{}");
  await appendFile(join(clone.root, "templates/http-sse/README.md"), "Again.\n");
  await clone.commit();
  const { code, stderr } = await run([process.execPath, "run", "branches"], {
    cwd: clone.root,
    env: clone.env,
  });
  expect(code).toBe(1);
  expect(stderr).toContain("templates/websocket-chat/biome.json");
  expect(await branches()).toBe(before);
  await clone.git("revert", "--no-edit", "HEAD");
});

describe.skipIf(process.platform === "win32")("the commands of the README", () => {
  test.concurrent.each(projects)("of $name", async ({ name, directory }) => {
    const around = join(directory, "..");
    await mkdir(around, { recursive: true });
    await using session = new Session(around, { ...clone.env, BUNYARD: url });
    for (const command of commandsFor(HEADING, name)) {
      if (missingFor(name, command) === undefined) await session.run(command);
    }
    // The files equal those of a created project, whose commands run in test/starters/.
    await expectSameFiles(directory, await clone.create(name, name));
    expect(await clone.git("-C", directory, "status", "--porcelain")).toBe("");
    expect(await clone.git("-C", directory, "branch", "--all", "--format=%(refname)")).not.toMatch(
      /main/,
    );
  });
});

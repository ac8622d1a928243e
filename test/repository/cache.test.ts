// After a change, Turborepo runs the tasks that depend on it again, and no others.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryFiles, root, templateNames } from "../workspaces.ts";

const TIMEOUT = 120_000;
const names = templateNames();
let copy: string;
let unchanged: ReadonlyMap<string, string>;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "bunyard-cache-"));
  const files = await repositoryFiles();
  await Promise.all(files.map((path) => Bun.write(join(copy, path), Bun.file(join(root, path)))));
  await run(["git", "init", "--quiet"]);
  unchanged = await hashes();
}, TIMEOUT);

afterAll(() => rm(copy, { recursive: true, force: true }));

/** Runs a command in the copy of the repository and returns its output. */
async function run(command: string[]): Promise<string> {
  const child = Bun.spawn(command, {
    cwd: copy,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0)
    throw new Error(`${command.join(" ")} failed:\n${errors}${output}`);
  return output;
}

/** The hash of every task. A task runs again if and only if its hash changes. */
async function hashes(): Promise<ReadonlyMap<string, string>> {
  const turbo = join(root, "node_modules", "turbo", "bin", "turbo");
  const tasks = ["check", "build", "test", "//#lint", "//#test:repository", "//#unused"];
  const output = await run([
    process.execPath,
    turbo,
    "--skip-infer",
    "run",
    ...tasks,
    "--dry=json",
  ]);
  const plan: { tasks: { taskId: string; task: string; command: string; hash: string }[] } =
    JSON.parse(output);
  return new Map(
    plan.tasks
      .filter(({ command }) => command !== "<NONEXISTENT>")
      .map(({ taskId, hash }) => [taskId, hash]),
  );
}

/** Appends to a file, returns the tasks that would run again, and reverts the change. */
async function rerunAfterChangeOf(path: string): Promise<readonly string[]> {
  const file = join(copy, path);
  const original = await Bun.file(file).bytes();
  await appendFile(file, "\n");
  const changed = await hashes();
  await Bun.write(file, original);
  return [...changed].filter(([task, hash]) => unchanged.get(task) !== hash).map(([task]) => task);
}

const wholeRepository = ["//#lint", "//#test:repository", "//#unused"];
const tasksOf = (name: string) => ["build", "check", "test"].map((task) => `${name}#${task}`);

test(
  "nothing runs again in an unchanged tree",
  async () => {
    expect(await hashes()).toEqual(unchanged);
  },
  TIMEOUT,
);

test.each(["packages/shared/src/env.ts", "packages/shared/files/.editorconfig"])(
  "%s: all that builds on the shared package runs again",
  async (path) => {
    const rerun = await rerunAfterChangeOf(path);
    const product = ["create-bunyard#test", "@bunyard/test#test", "@bunyard/shared#test"];
    expect(rerun).toEqual(
      expect.arrayContaining([...wholeRepository, ...product, ...names.flatMap(tasksOf)]),
    );
  },
  TIMEOUT,
);

test.each([...names])(
  "templates/%s: it and the tests of the product run again",
  async (name) => {
    const rerun = await rerunAfterChangeOf(`templates/${name}/package.json`);
    const product = ["create-bunyard#test", "@bunyard/release#test", "@bunyard/test#test"];
    expect(rerun).toEqual(
      expect.arrayContaining([...wholeRepository, ...product, ...tasksOf(name)]),
    );
    const others = names.filter((other) => other !== name).flatMap(tasksOf);
    expect(rerun.filter((task) => others.includes(task))).toEqual([]);
  },
  TIMEOUT,
);

test(
  "CONTRIBUTING.md: only what reads the whole repository runs again",
  async () => {
    expect((await rerunAfterChangeOf("CONTRIBUTING.md")).toSorted()).toEqual(wholeRepository);
  },
  TIMEOUT,
);

test.each(["README.md", ".ci/run", ".gitignore"])(
  "%s: so do the tests of the product, which run its commands in a clone",
  async (path) => {
    const product = "@bunyard/test#test";
    expect((await rerunAfterChangeOf(path)).toSorted()).toEqual([...wholeRepository, product]);
  },
  TIMEOUT,
);

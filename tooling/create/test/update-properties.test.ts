// Properties of every update, checked with random template versions and random edits. SEED=7 repeats one case.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bytes, type FileMap } from "../src/flatten/file-map.ts";
import type { Stamp } from "../src/flatten/manifest.ts";
import { directoryFiles } from "../src/sources/directory.ts";
import { run } from "../src/subprocess.ts";
import { planUpdate } from "../src/update/comparison.ts";
import type { Change } from "../src/update/plan.ts";
import { createPatch } from "../src/update/trees.ts";
import { createdFrom, Generator, MINE } from "./generated-templates.ts";

setDefaultTimeout(120_000);

const { SEED, CASES = "25" } = process.env;
const seeds =
  SEED === undefined
    ? Array.from({ length: Number(CASES) }, (_, index) => index + 1)
    : [Number(SEED)];

const root = await realpath(await mkdtemp(join(tmpdir(), "create-bunyard-properties-")));
afterAll(() => rm(root, { recursive: true, force: true }));
// No repository of the machine applies.
const variables = { ...process.env, GIT_CEILING_DIRECTORIES: root };

interface Created {
  readonly files: FileMap;
  readonly stamp: Stamp;
}

/** A project in a directory. */
class Project {
  readonly directory = join(root, crypto.randomUUID());

  constructor(files: FileMap) {
    for (const [path, content] of files) this.#write(path, content);
  }

  async update(from: Created, to: Created): Promise<readonly Change[]> {
    const { directory } = this;
    const versions = { from: from.stamp, to: to.stamp, base: from.files, next: to.files };
    const { changes, writes } = await planUpdate(directory, versions, undefined, variables);
    // The journal has its own tests. Without it, there is no wait for the disk.
    for (const [path, { content }] of writes) {
      if (content === undefined) this.#remove(path);
    }
    for (const [path, { content }] of writes) {
      if (content !== undefined) this.#write(path, content);
    }
    return changes;
  }

  #write(path: string, content: Uint8Array): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    writeFileSync(join(this.directory, path), content);
  }

  #remove(path: string): void {
    rmSync(join(this.directory, path));
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      if (readdirSync(join(this.directory, parent)).length > 0) return;
      rmdirSync(join(this.directory, parent));
    }
  }

  /** Whether the patch applies. If it does not, nothing is changed. */
  async apply(patch: string): Promise<boolean> {
    const command = ["git", "apply", "--whitespace=nowarn", "-"];
    const { exitCode } = await run({ command, cwd: this.directory, env: variables, stdin: patch });
    return exitCode === 0;
  }

  /** The files that differ, as text: a failed test prints them. */
  differences(expected: FileMap): object {
    const actual = directoryFiles(this.directory);
    const text = (content: Uint8Array | undefined) => content && latin1(content);
    const paths = [...new Set([...actual.keys(), ...expected.keys()])].map((path) => ({
      path,
      is: text(actual.get(path)),
      expected: text(expected.get(path)),
    }));
    return paths.filter((file) => file.is !== file.expected);
  }

  get files(): FileMap {
    return directoryFiles(this.directory);
  }

  get texts(): readonly string[] {
    return [...this.files.values()].map(latin1);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}

const latin1 = (content: Uint8Array): string => Buffer.from(content).toString("latin1");

/** The names and keys that the user added. */
const wordsIn = (files: FileMap): readonly string[] =>
  [...files.values()].flatMap(
    (content) => latin1(content).match(new RegExp(`${MINE}[_-]\\d+`, "g")) ?? [],
  );

/** Nothing that the user has to look at. */
const isQuiet = (changes: readonly Change[]): boolean =>
  changes.every(
    ({ kind, notes }) =>
      notes.length === 0 && ["added", "updated", "merged", "renamed", "removed"].includes(kind),
  );

/** Three projects of the same features, from three versions. */
function casesOf(seed: number) {
  const generator = new Generator(seed);
  const [first, second, third] = generator.versions(3);
  if (!first || !second || !third) throw new Error("Three versions are generated.");
  const without = generator
    .featuresToLeaveOut(first, third)
    .filter((name) => name in second.manifest.features);
  const [one, two, three] = [first, second, third].map((template, index) =>
    createdFrom(template, `${index + 1}.0.0`, without),
  );
  if (!one || !two || !three) throw new Error("Three projects are created.");
  return { one, two, three, mine: generator.edit(one.files) };
}

const counted = { compared: 0, applied: 0 };

test.each(seeds)("seed %i", async (seed) => {
  const { one, two, three, mine } = casesOf(seed);
  const hint = `Repeat with SEED=${seed}`;
  {
    using project = new Project(one.files);
    expect(isQuiet(await project.update(one, three)), hint).toBe(true);
    expect(project.differences(three.files), `${hint}: an update is a new project`).toEqual([]);
    expect(await project.update(three, three), hint).toEqual([]);
    await project.update(three, one);
    expect(project.differences(one.files), `${hint}: and back`).toEqual([]);
  }
  {
    using project = new Project(one.files);
    await project.update(one, two);
    await project.update(two, three);
    expect(project.differences(three.files), `${hint}: two steps`).toEqual([]);
  }
  using direct = new Project(mine);
  using stepwise = new Project(mine);
  using applied = new Project(mine);
  const changes = await direct.update(one, three);
  const steps = [await stepwise.update(one, two), await stepwise.update(two, three)];
  const after = JSON.stringify(direct.texts);
  expect(
    wordsIn(mine).filter((word) => !after.includes(word)),
    `${hint}: lost`,
  ).toEqual([]);
  const isClean = isQuiet(changes);
  if (isClean && steps.every(isQuiet)) {
    counted.compared += 1;
    expect(stepwise.differences(direct.files), `${hint}: two steps are one step`).toEqual([]);
  }
  const patch = await createPatch(one.files, three.files, variables);
  if (isClean && (await applied.apply(patch))) {
    counted.applied += 1;
    expect(direct.differences(applied.files), `${hint}: git apply is an update`).toEqual([]);
  }
});

test.skipIf(SEED !== undefined)("the cases are not trivial", () => {
  expect(counted.compared).toBeGreaterThan(seeds.length / 4);
  expect(counted.applied).toBeGreaterThan(seeds.length / 10);
});

test.each([
  ["MIT", ["LICENSE"]],
  ["UNLICENSED", []],
  [undefined, []],
])("the starter's new LICENSE in a project whose licence is %j: %j", async (license, changed) => {
  const manifest = (value: string | undefined): [string, Uint8Array] => [
    "package.json",
    bytes(JSON.stringify({ name: "app", license: value })),
  ];
  const stamp = { template: "tiny", version: "1.0.0", without: [] };
  const base = { stamp, files: new Map([manifest("MIT")]) };
  const next = { stamp, files: new Map([manifest("MIT"), ["LICENSE", bytes("MIT License\n")]]) };
  const changes = await new Project(new Map([manifest(license)])).update(base, next);
  expect(changes.map(({ path }) => path)).toEqual(changed);
});

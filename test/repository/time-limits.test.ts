// Every test and hook has at least 60 seconds: in each workspace and in each created project.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClone } from "create-bunyard/clone";
import {
  preloadsOf,
  readPreloads,
  readText,
  readWorkspaces,
  repositoryFiles,
  root,
  templateNames,
} from "../workspaces.ts";

const MODULE = "packages/shared/src/test-timeout.ts";
const MINIMUM = 60_000;
const isTest = (path: string) => /\.test\.tsx?$/.test(path);
const isTestCode = (path: string) => isTest(path) || /(^|\/)test\/.*\.tsx?$/.test(path);

const files = await repositoryFiles();
const folder = await mkdtemp(join(tmpdir(), "bunyard-limits-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

test("each workspace with tests preloads the time limit", async () => {
  const problems: string[] = [];
  for (const { directory } of await readWorkspaces()) {
    const own =
      directory === "." ? files : files.filter((path) => path.startsWith(`${directory}/`));
    if (!own.some(isTest)) continue;
    const { tests } = await readPreloads(directory);
    if (!tests.some((module) => /\/test-timeout(\.ts)?$/.test(module))) {
      problems.push(`${directory}/bunfig.toml: add test-timeout to "preload" of [test]`);
    }
  }
  expect(problems).toEqual([]);
});

describe.each([...templateNames()])("a project from %s", (name) => {
  test("has the time limit, and preloads it", async () => {
    const project = await openClone(root).files(name);
    const text = (path: string) => new TextDecoder().decode(project.get(path));
    expect(preloadsOf(text("bunfig.toml")).tests).toContain("#lib/test-timeout");
    expect(JSON.parse(text("package.json")).imports).toMatchObject({
      "#lib/test-timeout": "./src/lib/test-timeout.ts",
    });
    expect(text("src/lib/test-timeout.ts")).toBe(await readText(MODULE));
  });
});

test("no test sets its own limit below 60 seconds", async () => {
  const limits = [
    /\bsetDefaultTimeout\((\d[\d_]*)\)/g,
    /^ *\},? (\d[\d_]*)\);$/gm,
    /^ {2,}(\d[\d_]*),\n *\);$/gm,
    /\btimeout: (\d[\d_]*)\b/g,
    /\b(?:\w+_)?TIMEOUT(?:_MS)? = (\d[\d_]*)\b/g,
  ];
  const problems: string[] = [];
  for (const file of files.filter(isTestCode)) {
    const text = await readText(file);
    for (const [, limit = ""] of limits.flatMap((pattern) => [...text.matchAll(pattern)])) {
      const ms = Number(limit.replaceAll("_", ""));
      // A number below a second is something else, such as a status code.
      if (ms >= 1_000 && ms < MINIMUM) problems.push(`${file}: a limit of ${limit}`);
    }
  }
  expect(problems).toEqual([]);
});

// With a limit of 100 ms instead of 60 s, so that the test does not have to wait for it.
test("Bun applies the limit to tests and hooks of every file", async () => {
  const module = await readText(MODULE);
  expect(module).toContain("TEST_TIMEOUT = 60_000;");
  const never = "() => new Promise(() => undefined)";
  const contents = {
    "test-timeout.ts": module.replace("TEST_TIMEOUT = 60_000;", "TEST_TIMEOUT = 100;"),
    "bunfig.toml": '[test]\npreload = ["./test-timeout.ts"]\n',
    "first.test.ts": `import { test } from "bun:test";\ntest("first", ${never});\n`,
    "second.test.ts": `import { beforeAll, test } from "bun:test";
      beforeAll(${never});
      test("second", () => undefined);\n`,
    "third.test.ts": `import { afterEach, test } from "bun:test";
      afterEach(${never});
      test("third", () => undefined);\n`,
  };
  for (const [name, content] of Object.entries(contents)) {
    await Bun.write(join(folder, name), content);
  }
  const run = Bun.spawn([process.execPath, "test"], { cwd: folder, stderr: "pipe" });
  const output = await run.stderr.text();
  const times = [...output.matchAll(/^\(fail\) .*\[(\d+)/gm)].map(([, time]) => Number(time));
  expect(times, output).toHaveLength(3);
  for (const time of times) expect(time).toBeWithin(100, 5_000);
});

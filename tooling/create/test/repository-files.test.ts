// The files that make a project a good repository: line endings, ignore patterns, updates, and the audit in CI.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { flatten, partsOf } from "../src/flatten/flatten.ts";
import { readRepository } from "../src/sources/repository.ts";
import { ended } from "./sandbox.ts";

setDefaultTimeout(60_000);

const root = resolve(import.meta.dir, "../../..");
const folder = await mkdtemp(join(tmpdir(), "create-repository-"));
const project = join(folder, "project");
afterAll(() => rm(folder, { recursive: true, force: true }));

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  const child = Bun.spawn(["git", ...identity, ...args], { cwd, stdout: "pipe", stderr: "pipe" });
  const { code, stdout, stderr } = await ended(child);
  if (code > 1) throw new Error(stderr);
  return stdout.trim();
}

beforeAll(async () => {
  const [name = ""] = await readdir(join(root, "templates"));
  for (const [path, content] of flatten(await readRepository(root, partsOf(name)), name)) {
    await Bun.write(join(project, path), content);
  }
  await git(folder, "-c", "init.defaultBranch=main", "init", "-q", project);
  await git(project, "add", "--all");
  await git(project, "commit", "-q", "-m", "All");
});

test("a clone on Windows, where git converts line endings, has the same bytes", async () => {
  const clone = join(folder, "windows");
  await git(folder, "-c", "core.autocrlf=true", "clone", "-q", project, clone);
  for (const path of (await git(project, "ls-files")).split("\n")) {
    const [before, after] = [Bun.file(join(project, path)), Bun.file(join(clone, path))];
    expect({ path, same: Buffer.compare(await before.bytes(), await after.bytes()) === 0 }).toEqual(
      {
        path,
        same: true,
      },
    );
  }
});

describe("git", () => {
  test.each([
    "node_modules/zod/index.js",
    "packages/a/node_modules/zod/index.js",
    "dist/main.js",
    "data/app.db",
    "coverage/lcov.info",
    ".cache/build.json",
    ".env",
    ".env.local",
    ".env.production.local",
    ".env.development.local",
    ".env.test.local",
    ".env.production",
    // The backup that Emacs makes.
    ".env~",
  ])("ignores %s", async (path) => {
    expect(await git(project, "check-ignore", path)).toBe(path);
  });

  test.each([
    ".env.example",
    "src/data/countries.ts",
    "src/dist/index.ts",
    "src/coverage/report.ts",
    "src/.cache/store.ts",
    "src/lib/env.ts",
    "test/fixtures/package.tgz",
  ])("does not ignore %s", async (path) => {
    expect(await git(project, "check-ignore", path)).toBe("");
  });
});

test("Dependabot updates the packages and the actions, after a cooldown", async () => {
  const file = Bun.file(join(project, ".github/dependabot.yml"));
  const { version, updates } = Bun.YAML.parse(await file.text()) as {
    version: number;
    updates: readonly Record<string, unknown>[];
  };
  expect(version).toBe(2);
  expect(updates.map((update) => update["package-ecosystem"])).toEqual(["bun", "github-actions"]);
  for (const update of updates) {
    expect(update).toMatchObject({ directory: "/", cooldown: { "default-days": 7 } });
  }
});

test("CI installs, audits, checks, tests and builds, in this order", async () => {
  const file = Bun.file(join(project, ".github/workflows/ci.yml"));
  const commands = [...(await file.text()).matchAll(/- run: (.+)/g)].map(([, command]) => command);
  expect(commands).toEqual([
    "bun install --frozen-lockfile",
    "bun audit",
    "bun run check",
    "bun test",
    "bun run build",
  ]);
});

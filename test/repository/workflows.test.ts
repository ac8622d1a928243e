// CI workflows of the repository and of created projects: pinned actions, least privilege, a time limit.
import { expect, test } from "bun:test";
import { readText, repositoryFiles, root, templateNames } from "../workspaces.ts";

/** The part of a GitHub Actions workflow that is read here. */
interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly "timeout-minutes"?: number;
        readonly uses?: string;
        readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> };
        readonly steps?: readonly { readonly uses?: string }[];
      }
    >
  >;
}

const files = (await repositoryFiles()).filter((path) =>
  /\.github\/workflows\/[^/]+\.ya?ml$/.test(path),
);

test("the repository and created projects have a workflow", () => {
  expect(files).toContain(".github/workflows/ci.yml");
  expect(files).toContain("packages/shared/files/.github/workflows/ci.yml");
});

for (const file of files) {
  test(`${file} pins actions, limits rights and time`, async () => {
    const text = await readText(file);
    const { permissions, jobs } = Bun.YAML.parse(text) as Workflow;
    const used = Object.values(jobs).flatMap(({ uses, steps = [] }) => [
      uses,
      ...steps.map((step) => step.uses),
    ]);
    const problems = [
      ...(permissions === undefined ? ["set top-level permissions"] : []),
      ...Object.entries(jobs)
        .filter(([, job]) => job.uses === undefined && job["timeout-minutes"] === undefined)
        .map(([name]) => `set timeout-minutes of ${name}`),
      ...used
        .filter((uses) => uses !== undefined)
        .filter((uses) => !uses.startsWith("./") && !/@[\da-f]{40}$/.test(uses))
        .map((uses) => `pin ${uses} to a commit`),
      ...[...text.matchAll(/uses: *(\S+@[\da-f]{40}) *$/gm)].map(
        ([, uses]) => `name the version of ${uses} in a comment`,
      ),
    ].map((problem) => `${file}: ${problem}`);
    expect(problems).toEqual([]);
  });
}

test("the smoke run of every week takes each starter", async () => {
  const { jobs } = Bun.YAML.parse(await readText(".github/workflows/smoke.yml")) as Workflow;
  const lists = Object.values(jobs).flatMap(({ strategy }) => [strategy?.matrix.template ?? []]);
  expect(lists.filter((list) => Array.isArray(list) && list.length > 0)).toEqual([
    [...templateNames()],
    [...templateNames()],
  ]);
});

// The root's lint lists folders, so that it ignores projects that were created inside the clone. This one is missing there.
test("the repository's workflows are formatted", async () => {
  const biome = Bun.spawn(
    [process.execPath, "x", "biome", "check", "--error-on-warnings", ".github"],
    {
      cwd: root,
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  expect(await biome.exited, await biome.stdout.text()).toBe(0);
});

test("every file asks for the same version of Bun", async () => {
  const { packageManager } = JSON.parse(await readText("package.json"));
  const version = String(packageManager).replace("bun@", "");
  const places = [
    { path: ".ci/run", pattern: /BUN_VERSION=(\S+)/g },
    { path: "README.md", pattern: /\bbun@(\d[\w.-]*)/g },
    ...files.map((path) => ({ path, pattern: /\bbun(?:-version: *|: *\[)(\d[\d.]*)/g })),
    ...(await repositoryFiles())
      .filter((path) => /(^|\/)Dockerfile$/.test(path))
      .map((path) => ({ path, pattern: /oven\/bun:(\d[\d.]*)/g })),
  ];
  const problems: string[] = [];
  for (const { path, pattern } of places) {
    for (const [, found] of (await readText(path)).matchAll(pattern)) {
      if (found !== version)
        problems.push(`${path}: Bun ${found}, but package.json says ${version}`);
    }
  }
  expect(problems).toEqual([]);
});

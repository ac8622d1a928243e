// Files of the repository: strict TypeScript everywhere, one editor configuration, no trace of a machine.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { readText, readWorkspaces, repositoryFiles, root, templateNames } from "../workspaces.ts";

const files = await repositoryFiles();

for (const { directory } of (await readWorkspaces()).slice(1)) {
  test(`${directory}/tsconfig.json is strict`, async () => {
    const tsc = Bun.spawn([process.execPath, "x", "tsc", "--showConfig"], {
      cwd: join(root, directory),
      stderr: "inherit",
    });
    const { compilerOptions } = await tsc.stdout.json();
    expect(compilerOptions).toMatchObject({
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
    });
  });
}

test("every TypeScript file belongs to a workspace, whose check covers it", async () => {
  const directories = (await readWorkspaces()).slice(1).map(({ directory }) => `${directory}/`);
  const problems = files
    .filter((file) => /\.[cm]?tsx?$/.test(file))
    .filter((file) => !directories.some((directory) => file.startsWith(directory)))
    .map((file) => `${file}: move it into a workspace`);
  expect(problems).toEqual([]);
});

test.each([...templateNames()])("the product's tests run the suite of %s", (name) => {
  expect(files).toContain(`test/starters/${name}.test.ts`);
});

// The matchers of `rejects` and `resolves` run the event loop themselves. If they start while Bun 1.4.5 handles a batch of
// events, the other events of the batch are lost: a concurrent test then waits for the output of its child forever.
test("no file with concurrent tests uses `rejects` or `resolves`", async () => {
  const problems: string[] = [];
  for (const file of files.filter((path) => path.endsWith(".test.ts"))) {
    const text = await readText(file);
    // `withPrograms` of sqlite-app calls `test.concurrent`.
    if (!/\btest\.concurrent\b|\bwithPrograms\b/.test(text)) continue;
    const uses = text.match(/(?<=\)\.)(rejects|resolves)\b/g) ?? [];
    problems.push(...uses.map((use) => `${file}: await the promise instead of ${use}`));
  }
  expect(problems).toEqual([]);
});

test("the editor configuration is the one that created projects get", async () => {
  const advice = "make .editorconfig equal to packages/shared/files/.editorconfig";
  const given = await readText("packages/shared/files/.editorconfig");
  expect(await readText(".editorconfig"), advice).toBe(given);
});

test("no file names a registry or a folder of one machine", async () => {
  const traces = [
    { pattern: /\bregistry\.[a-z\d-]+\.[a-z]{2,}/i, what: "the host of a registry" },
    { pattern: /(?<![\w.~-])\/(work|root|Users)\/\w/, what: "a path of one machine" },
    { pattern: /(?<![\w.~-])\/home\/(?!bun\b)\w/, what: "a path of one machine" },
    { pattern: /\bC:\\+Users\\/i, what: "a path of one machine" },
  ];
  const problems: string[] = [];
  for (const file of files) {
    const bytes = await Bun.file(join(root, file)).bytes();
    if (bytes.includes(0)) continue;
    const lines = new TextDecoder().decode(bytes).split("\n");
    for (const [index, line] of lines.entries()) {
      const trace = traces.find(({ pattern }) => pattern.test(line));
      if (trace) problems.push(`${file}:${index + 1}: remove ${trace.what}`);
    }
  }
  expect(problems).toEqual([]);
});

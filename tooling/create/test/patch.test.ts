// The patch that `diff` prints: `git apply` reads it, whatever the user's settings and the encoding of the files.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytes, type FileMap } from "../src/flatten/file-map.ts";
import { directoryFiles } from "../src/sources/directory.ts";
import { run } from "../src/subprocess.ts";
import { createPatch } from "../src/update/trees.ts";

setDefaultTimeout(60_000);

const root = await realpath(await mkdtemp(join(tmpdir(), "create-bunyard-patch-")));
afterAll(() => rm(root, { recursive: true, force: true }));
const variables = { ...process.env, GIT_CEILING_DIRECTORIES: root };

const lines = (changed = "") => `${"same\n".repeat(9)}${changed}${"same\n".repeat(9)}`;
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

async function expectApplies(before: FileMap, after: FileMap, patch: string): Promise<void> {
  const directory = join(root, crypto.randomUUID());
  for (const [path, content] of before) await Bun.write(join(directory, path), content);
  const command = ["git", "apply", "--whitespace=nowarn", "-"];
  const result = await run({ command, cwd: directory, env: variables, stdin: patch });
  expect(result).toMatchObject({ exitCode: 0 });
  const hex = (files: FileMap) =>
    [...files].map(([path, content]) => [path, Buffer.from(content).toString("hex")]);
  expect(hex(directoryFiles(directory))).toEqual(hex(after));
}

test.each([
  { GIT_DIFF_OPTS: "--unified=0" },
  { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "diff.noprefix", GIT_CONFIG_VALUE_0: "true" },
  { GIT_CONFIG_PARAMETERS: "'diff.noprefix'='true'" },
])("variables of git do not change it: %j", async (settings) => {
  const [before, after] = [lines(), lines("new\n")].map((text) => new Map([["a", bytes(text)]]));
  if (!before || !after) throw new Error("There are two trees.");
  const patch = await createPatch(before, after, { ...variables, ...settings });
  expect(patch).toBe(await createPatch(before, after, variables));
  await expectApplies(before, after, patch);
});

test("the user's attributes do not change it", async () => {
  await Bun.write(join(root, "git/attributes"), "* -diff\n");
  const [before, after] = [new Map([["a", bytes("old\n")]]), new Map([["a", bytes("new\n")]])];
  const patch = await createPatch(before, after, { ...variables, XDG_CONFIG_HOME: root });
  expect(patch).toContain("-old\n+new\n");
});

test("a text that is not UTF-8 keeps its bytes", async () => {
  const before = new Map([["odd [name]* \"'/a.txt", latin1(lines("caf\u00e9\n"))]]);
  const after = new Map([
    ["new.txt", latin1("\u00fc\n")],
    ["odd [name]* \"'/a.txt", latin1(lines("caf\u00e9 mine\n"))],
  ]);
  await expectApplies(before, after, await createPatch(before, after, variables));
});

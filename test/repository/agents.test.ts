// AGENTS.md of the repository and of every created project: its commands and paths exist, and its map is complete.
import { describe, expect, test } from "bun:test";
import { openClone } from "create-bunyard/clone";
import { readManifest, readText, repositoryFiles, root, templateNames } from "../workspaces.ts";

interface Tree {
  readonly agents: string;
  readonly files: readonly string[];
  readonly scripts: readonly string[];
}

const clone = openClone(root);
const decoder = new TextDecoder();

async function projectTree(template: string): Promise<Tree> {
  const files = await clone.files(template);
  const text = (path: string) => decoder.decode(files.get(path));
  const { scripts } = JSON.parse(text("package.json"));
  return { agents: text("AGENTS.md"), files: [...files.keys()], scripts: Object.keys(scripts) };
}

async function repositoryTree(): Promise<Tree> {
  const { scripts } = await readManifest(root);
  return {
    agents: await readText("AGENTS.md"),
    files: await repositoryFiles(),
    scripts: Object.keys(scripts ?? {}),
  };
}

/** The texts between backticks. */
const spans = ({ agents }: Tree): readonly string[] =>
  [...agents.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);

const commands = (tree: Tree): readonly string[] =>
  spans(tree).flatMap((span) => /^bun run ([\w:-]+)/.exec(span)?.[1] ?? []);

/** Files and folders, except those that a build creates. */
const paths = (tree: Tree): readonly string[] =>
  spans(tree)
    .filter((span) => /^[.\w][\w./-]*$/.test(span))
    .filter((span) => /\/|\.(c|h|json|md|sql|toml|tsx?|ya?ml|example)$/.test(span))
    .filter((span) => !span.startsWith("dist/"));

const trees: readonly (readonly [name: string, tree: Tree])[] = [
  ["the repository", await repositoryTree()],
  ...(await Promise.all(
    templateNames().map(async (name) => [name, await projectTree(name)] as const),
  )),
];

describe.each(trees)("AGENTS.md of %s", (_, tree) => {
  test("names commands and paths", () => {
    expect(commands(tree).length).toBeGreaterThan(3);
    expect(paths(tree).length).toBeGreaterThan(3);
  });

  test("every command is a script", () => {
    expect(commands(tree).filter((command) => !tree.scripts.includes(command))).toEqual([]);
  });

  test("every path exists", () => {
    const exists = (path: string) =>
      tree.files.some((file) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`));
    expect(paths(tree).filter((path) => !exists(path))).toEqual([]);
  });

  test("every script that is more than a part of `check` is named", () => {
    const parts = ["typecheck", "lint", "test", "test:repository", "unused"];
    const named = [...parts, ...commands(tree)];
    expect(tree.scripts.filter((script) => !named.includes(script))).toEqual([]);
  });

  test("every folder of sources is on the map", () => {
    const folders = tree.files.flatMap((file) => /^(?:src\/)?[\w-]+\//.exec(file)?.[0] ?? []);
    const named = paths(tree);
    const missing = [...new Set(folders)].filter(
      (folder) => !named.some((path) => path.startsWith(folder)),
    );
    expect(missing).toEqual([]);
  });
});

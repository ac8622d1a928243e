// Editor settings of created projects: each debug configuration points to an existing file.
import { describe, expect, test } from "bun:test";
import { openClone } from "create-bunyard/clone";
import { root, templateNames } from "../workspaces.ts";

/** The part of VS Code's files that is read here. */
interface Launch {
  readonly configurations: readonly {
    readonly name: string;
    readonly type: string;
    readonly request: string;
    readonly program: string;
    readonly runtimeArgs?: readonly string[];
  }[];
}
interface Extensions {
  readonly recommendations: readonly string[];
}

const clone = openClone(root);
const decoder = new TextDecoder();

describe.each([...templateNames()])("VS Code in %s", async (name) => {
  const files = await clone.files(name);
  const read = (path: string): unknown => JSON.parse(decoder.decode(files.get(path)));
  const { configurations } = read(".vscode/launch.json") as Launch;
  const { recommendations } = read(".vscode/extensions.json") as Extensions;

  test("debugs the open file, and a program of the project", () => {
    const programs = configurations.map(({ program }) => program);
    const own = programs.filter((program) => !/^\$\{file\}$/.test(program));
    expect(own).toHaveLength(programs.length - 1);
    expect(own).not.toBeEmpty();
    const named = [
      ...own,
      ...configurations.flatMap(({ runtimeArgs = [] }) =>
        runtimeArgs.flatMap((argument) => /^--config=(.+)/.exec(argument)?.[1] ?? []),
      ),
    ].map((path) => path.replace(/^\$\{workspaceFolder\}\//, ""));
    expect(named.filter((path) => !files.has(path))).toEqual([]);
  });

  test("uses the extensions that it recommends", () => {
    expect(recommendations).toEqual(["biomejs.biome", "oven.bun-vscode"]);
    expect(read(".vscode/settings.json")).toMatchObject({
      "editor.defaultFormatter": recommendations[0],
    });
    for (const { type, request } of configurations) {
      expect({ type, request }).toEqual({ type: "bun", request: "launch" });
    }
  });
});

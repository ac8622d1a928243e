// Creates projects from a starter in a temporary folder, and runs Bun in them.
import { afterAll, expect } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClone } from "create-bunyard/clone";
import { bun } from "../contract/command.ts";
import { type Project, projectOf } from "../contract/project.ts";
import { root } from "../workspaces.ts";

export interface Starter {
  /** Contains the projects. It is removed after the tests of the file. */
  readonly folder: string;
  /** The options that leave out every feature. */
  readonly withoutFeatures: readonly string[];
  /** Creates a project. @param options in addition to those that every project needs */
  readonly create: (name: string, ...options: readonly string[]) => Promise<Project>;
}

export async function openStarter(template: string): Promise<Starter> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-recipes-")));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const templates = await openClone(root).list();
  const features = templates.find(({ name }) => name === template)?.features ?? [];
  const entry = join(root, "tooling", "create", "src", "main.ts");
  return {
    folder,
    withoutFeatures: ["--without", features.map(({ name }) => name).join(",")],
    async create(name, ...options) {
      const given = ["--template", template, "--no-git", "--yes", ...options];
      await run(folder, entry, name, ...given);
      return projectOf(template, join(folder, name));
    },
  };
}

/** Formats and checks like a user after a recipe. `format` is Biome's whole check, and fails on what it cannot fix. */
export async function formatsAndChecks({ directory }: Project): Promise<void> {
  for (const script of ["format", "typecheck"]) await run(directory, "run", script);
}

/** Runs Bun in a directory, and expects that it succeeds. @returns its output */
export async function run(directory: string, ...args: string[]): Promise<string> {
  const { exitCode, output } = await bun(directory, ...args);
  expect(exitCode, output).toBe(0);
  return output;
}

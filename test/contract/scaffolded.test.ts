// What create makes of every template, outside the repository and installed for real, keeps the contract.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, templateNames } from "../workspaces.ts";
import { bun, COMMAND_TIMEOUT } from "./command.ts";
import { passesItsCommands } from "./commands.ts";
import { keepsTheContract } from "./contract.ts";
import { projectOf } from "./project.ts";
import { standsAlone } from "./standalone.ts";

const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-created-")));
afterAll(() => rm(place, { recursive: true, force: true }));

const projects = await Promise.all(
  templateNames().map((name) => projectOf(name, join(place, `my-${name}`))),
);

// As many at a time as the script `test` allows; the services below have the machine to themselves.
test.concurrent.each(projects)(
  "create makes $name, which passes its own commands without a warning",
  async (project) => {
    const create = join(root, "tooling", "create", "src", "main.ts");
    const options = ["--template", project.name, "--no-git", "--yes"];
    const { exitCode, output } = await bun(place, create, project.directory, ...options);
    expect(exitCode, output).toBe(0);
    await passesItsCommands(project);
  },
  COMMAND_TIMEOUT,
);

for (const project of projects) {
  describe(`created ${project.name}`, () => {
    standsAlone(project);
    keepsTheContract(project);
  });
}

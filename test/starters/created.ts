// The tests of a starter as its user gets it: outside the repository, with all features and without any.
import { afterAll, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClone } from "create-bunyard/clone";
import { bun, COMMAND_TIMEOUT, runSuite } from "../contract/command.ts";
import { installsAndChecks, passesItsBuild } from "../contract/commands.ts";
import { type Project, projectOf } from "../contract/project.ts";
import { missingFor } from "../contract/requirements.ts";
import { startService } from "../contract/service.ts";
import { suiteLines, tallyOf } from "../tally.ts";
import { root } from "../workspaces.ts";

const entry = join(root, "tooling", "create", "src", "main.ts");

export async function worksAsCreated(template: string): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `bunyard-${template}-`)));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const templates = await openClone(root).list();
  const features = templates.find(({ name }) => name === template)?.features ?? [];
  const all = features.map(({ name }) => name).join(",");

  const create = async (directory: string, ...options: string[]): Promise<Project> => {
    const given = ["--template", template, "--no-git", "--yes", ...options];
    const created = await bun(folder, entry, directory, ...given);
    expect(created.exitCode, created.output).toBe(0);
    return projectOf(template, join(folder, directory));
  };

  test(
    `created ${template} passes its commands, and they change no file`,
    async () => {
      const project = await create(`my-${template}`);
      await git(project, "init", "--quiet");
      await git(project, "add", ".");
      await passesItsCommands(project, `created ${template}`);
      expect(await git(project, "diff", "--name-only")).toBe("");
      expect(await git(project, "ls-files", "--others", "--exclude-standard")).toBe("");
    },
    COMMAND_TIMEOUT,
  );

  test(
    `${template} without its features passes its commands, starts and stops`,
    async () => {
      const project = await create(`bare-${template}`, "--without", all);
      await passesItsCommands(project, `${template} without its features`);
      if (!project.service) return;
      await using service = await startService(project);
      expect((await fetch(new URL("/healthz", service.url))).status).toBe(200);
      service.signal("SIGTERM");
      expect(await service.exited).toBe(0);
    },
    COMMAND_TIMEOUT,
  );
}

/** @param name the suite's in the summary of the run. */
async function passesItsCommands(project: Project, name: string): Promise<void> {
  await installsAndChecks(project);
  if (missingFor(project.name, "bun run build") === undefined) await passesItsBuild(project);
  const { exitCode, output } = await runSuite(project.directory);
  console.log(suiteLines(name, tallyOf({ exitCode, log: output })));
  expect(exitCode, output).toBe(0);
}

async function git({ directory }: Project, ...args: string[]): Promise<string> {
  const child = Bun.spawn(["git", ...args], { cwd: directory, stderr: "inherit" });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`git ${args.join(" ")} failed`);
  return output.trim();
}

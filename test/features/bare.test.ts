// Every starter with all of its features left out: what remains passes its own commands, and starts and stops.
import { afterAll, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClone } from "create-bunyard/clone";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { passesItsBuild, passesItsCommands } from "../contract/commands.ts";
import { projectOf } from "../contract/project.ts";
import { missingFor } from "../contract/requirements.ts";
import { startService } from "../contract/service.ts";
import { root } from "../workspaces.ts";

const folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-bare-")));
afterAll(() => rm(folder, { recursive: true, force: true }));

const templates = (await openClone(root).list()).filter(({ features }) => features.length > 0);
const entry = join(root, "tooling", "create", "src", "main.ts");

test.concurrent.each(templates)(
  "$name without its features passes its commands, starts and stops",
  async ({ name, features }) => {
    const directory = join(folder, name);
    const without = features.map((feature) => feature.name).join(",");
    const options = ["--template", name, "--without", without, "--no-git", "--yes"];
    const created = await bun(folder, entry, directory, ...options);
    expect(created.exitCode, created.output).toBe(0);
    const project = await projectOf(name, directory);
    await passesItsCommands(project);
    if (missingFor(name, "bun run build") === undefined) await passesItsBuild(project);
    if (!project.service) return;
    await using service = await startService(project);
    expect((await fetch(new URL("/healthz", service.url))).status).toBe(200);
    service.signal("SIGTERM");
    expect(await service.exited).toBe(0);
  },
  COMMAND_TIMEOUT,
);

// Every command of a starter's README works, line by line, in a created project.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { missingFor } from "../contract/requirements.ts";
import { root, templateNames } from "../workspaces.ts";
import { commandsOf } from "./commands.ts";
import { composeProblems } from "./compose.ts";
import { Session } from "./session.ts";

const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-readme-")));
afterAll(() => rm(place, { recursive: true, force: true }));

/** The names differ from the starters', so that a README which uses the starter's name fails. */
const projects = templateNames().map((name) => ({ name, directory: join(place, `my-${name}`) }));

// The commands are written for a POSIX shell.
describe.skipIf(process.platform === "win32")("the commands of the README", async () => {
  test.concurrent.each(projects)(
    "of $name",
    async ({ name, directory }) => {
      const create = join(root, "tooling", "create", "src", "main.ts");
      const flags = ["--template", name, "--no-install", "--no-git"];
      const { exitCode, output } = await bun(place, create, directory, ...flags);
      expect(exitCode, output).toBe(0);
      const commands = commandsOf(await Bun.file(join(directory, "README.md")).text());
      expect(commands).not.toBeEmpty();
      await using session = new Session(directory);
      await session.run("bun install");
      for (const line of commands) {
        // The tests of a created project run in test/starters. Running them here as well would take minutes.
        const command = line.replace(/(^| && )bun (run )?test$/, "");
        if (command === "" || missingFor(name, command) !== undefined) continue;
        // Without a container engine, only the compose file is checked.
        if (command.startsWith("docker "))
          expect(await composeProblems(directory, command)).toEqual([]);
        else await session.run(command);
      }
      await session.end();
    },
    2 * COMMAND_TIMEOUT,
  );

  for (const { name } of projects) {
    const readme = await Bun.file(join(root, "templates", name, "README.md")).text();
    for (const command of commandsOf(readme)) {
      const missing = missingFor(name, command);
      if (missing !== undefined) test.skip(`of ${name}: ${command} (${missing})`, () => undefined);
    }
  }
});

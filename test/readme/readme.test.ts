// Every command of a starter's README works, line by line, in a created project.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { root, templateNames } from "../workspaces.ts";
import { commandsOf } from "./commands.ts";
import { composeProblems } from "./compose.ts";
import { Session } from "./session.ts";

const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-readme-")));
afterAll(() => rm(place, { recursive: true, force: true }));

/** The names differ from the starters', so that a README which uses the starter's name fails. */
const projects = templateNames().map((name) => ({ name, directory: join(place, `my-${name}`) }));

/** Cross-compiling needs Zig, which is large. CI has it, other machines may not. */
const isMissing = (command: string) =>
  /\bzig cc\b/.test(command) && process.env.CI !== "true" && Bun.which("zig") === null;

// The commands are written for a POSIX shell.
describe.skipIf(process.platform === "win32")("the commands of the README", () => {
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
      for (const command of commands) {
        if (isMissing(command)) console.warn(`${name}: not run, there is no Zig: ${command}`);
        // Without a container engine, only the compose file is checked.
        else if (command.startsWith("docker "))
          expect(await composeProblems(directory, command)).toEqual([]);
        else await session.run(command);
      }
      await session.end();
    },
    2 * COMMAND_TIMEOUT,
  );
});

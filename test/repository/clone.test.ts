// The commands that the repository's README gives for a clone work in a fresh one.
import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { quickTest } from "../contract/files.ts";
import { commandsOf, sectionOf } from "../readme/commands.ts";
import { Session } from "../readme/session.ts";
import { readText, repositoryFiles, root } from "../workspaces.ts";

const folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-clone-")));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Not run here, because it runs this test. CI starts with it. */
const TEST = "npx --yes bun@1.4.5 run test";

describe.skipIf(process.platform === "win32")("the README of the repository", () => {
  test(
    "the commands for a clone",
    async () => {
      const clone = join(folder, "bunyard");
      const project = join(folder, "my-api");
      for (const file of await repositoryFiles()) {
        await cp(join(root, file), join(clone, file));
      }
      const commands = commandsOf(sectionOf("In a clone", await readText("README.md")));
      expect(commands).toContain(TEST);
      expect(await readText(".ci/run")).toMatch(/^"\$\{bun\[@\]\}" run test/m);
      await using session = new Session(clone);
      for (const command of commands.filter((line) => line !== TEST)) {
        // The whole suite of a created project takes minutes, and runs in test/starters.
        if (command === "bun test") await session.run(`bun test ${quickTest(project)}`);
        // On a machine with only Bun, the README's alternative applies.
        else if (Bun.which("npx")) await session.run(command);
        else await session.run(command.replace(/^npx --yes bun@\S+/, "bun"));
      }
      await session.end();
    },
    2 * COMMAND_TIMEOUT,
  );
});

// The two commands that the repository's README begins with, and what it says next, work in a fresh clone.
import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { commandsOf, sectionOf } from "../readme/commands.ts";
import { Session } from "../readme/session.ts";
import { readText, repositoryFiles, root } from "../workspaces.ts";

const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-clone-")));
afterAll(() => rm(place, { recursive: true, force: true }));

/** It runs this test: CI starts with it, and would start again. */
const TEST = "npx --yes bun@1.4.5 run test";

describe.skipIf(process.platform === "win32")("the README of the repository", () => {
  test(
    "its two commands",
    async () => {
      const clone = join(place, "bunyard");
      for (const file of await repositoryFiles()) {
        await cp(join(root, file), join(clone, file));
      }
      const commands = commandsOf(sectionOf("Two commands", await readText("README.md")));
      expect(commands).toContain(TEST);
      expect(await readText(".ci/run")).toMatch(/^"\$\{bun\[@\]\}" run test/m);
      await using session = new Session(clone);
      for (const command of commands.filter((line) => line !== TEST)) {
        // A machine that has only Bun types what the README gives as the other way.
        await session.run(
          Bun.which("npx") ? command : command.replace(/^npx --yes bun@\S+/, "bun"),
        );
      }
      await session.end();
    },
    2 * COMMAND_TIMEOUT,
  );
});

// A sparse checkout of one workspace: it installs, checks, tests and builds in place.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { quickTest } from "../contract/files.ts";
import { missingFor } from "../contract/requirements.ts";
import { Session } from "../readme/session.ts";
import { templateNames } from "../workspaces.ts";
import { Clone } from "./clone.ts";
import { succeed } from "./program.ts";
import { commandsFor } from "./readme.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const HEADING = "One workspace of the repository";
const WITH_ROOT_CHECK = "http-sse";
const clone = await Clone.open();
afterAll(() => clone[Symbol.asyncDispose]());
let url: string;
beforeAll(async () => {
  url = await clone.publish();
});

describe.skipIf(process.platform === "win32")("the commands of the README", () => {
  test.concurrent.each([...templateNames()])("for %s", async (name) => {
    const place = join(clone.place, name);
    await mkdir(place);
    await using session = new Session(place, { ...clone.env, BUNYARD: url });
    for (const command of commandsFor(HEADING, name)) {
      if (missingFor(name, command) !== undefined) continue;
      // The whole suite runs in place as the task of its template, and takes minutes.
      const folder = join(clone.root, "templates", name);
      await session.run(command === "bun test" ? `bun test ${quickTest(folder)}` : command);
    }
    const root = join(place, "bunyard");
    expect(await readdir(join(root, "templates"))).toEqual([name]);
    expect((await readdir(root)).filter((entry) => /^(test|tooling)$/.test(entry))).toEqual([]);
    expect(await clone.git("-C", root, "status", "--porcelain")).toBe("");
    // As the README says, the root's check and a plain install work as well. Beyond what the commands above have checked,
    // only the search for unused code depends on the template, so one template is enough for all other checks.
    const around = { cwd: root, env: clone.env };
    const script = name === WITH_ROOT_CHECK ? "check" : "unused";
    await succeed([process.execPath, "run", script], around);
    expect(await clone.git("-C", root, "status", "--porcelain")).toBe("");
    await succeed([process.execPath, "install"], around);
    expect(await clone.git("-C", root, "status", "--porcelain")).toBe("M bun.lock");
  });
});

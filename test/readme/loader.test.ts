// The loader of one's own in the README of build-plugin works in a created project, and takes at most 20 lines.
import { afterAll, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { root } from "../workspaces.ts";
import { sectionOf } from "./commands.ts";

const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-loader-")));
afterAll(() => rm(place, { recursive: true, force: true }));

const README = join(root, "templates", "build-plugin", "README.md");

/** Runs in the project, with its own helpers. */
const CSV_TEST = `
import { expect, test } from "bun:test";
import { csv } from "../src/csv.ts";
import { Folder } from "./folder.ts";
import { load } from "./load.ts";

test("loads rows, and names the place of a mistake", async () => {
  using folder = new Folder();
  await folder.write({
    "good.csv": "name,price\\r\\ntea,3\\r\\ncake,4\\r\\n",
    "bad.csv": "name,price\\ntea\\n",
  });
  const rows = [{ name: "tea", price: "3" }, { name: "cake", price: "4" }];
  expect((await load(folder, "good.csv", csv())).default).toEqual(rows);
  await expect(load(folder, "bad.csv", csv())).rejects.toThrow("bad.csv:2:1: ");
});
`;

test(
  "write your own loader",
  async () => {
    const section = sectionOf("Write your own loader", await Bun.file(README).text());
    const code = /^```ts\n(.+?)^```$/ms.exec(section)?.[1] ?? "";
    const lines = code.split("\n").filter((line) => line !== "");
    expect(lines.length).toBeWithin(1, 21);

    const project = join(place, "my-plugin");
    const create = join(root, "tooling", "create", "src", "main.ts");
    const created = await bun(place, create, project, "--template", "build-plugin", "--no-git");
    expect(created.exitCode, created.output).toBe(0);
    await Bun.write(join(project, "src", "csv.ts"), code);
    await Bun.write(join(project, "test", "csv.test.ts"), CSV_TEST);
    const run = await bun(project, "test", "csv");
    expect(run.exitCode, run.output).toBe(0);
  },
  COMMAND_TIMEOUT,
);

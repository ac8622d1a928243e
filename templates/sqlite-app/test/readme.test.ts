// The README lists every command, and only names files that exist.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { commands, synopsis } from "../src/cli/commands.ts";

const root = join(import.meta.dir, "..");
const readme = await Bun.file(join(root, "README.md")).text();

test("the README has the syntax of every command", () => {
  const shown = [...readme.matchAll(/^\| `bun run db (.*?)`/gm)].map(([, command]) => command);
  expect(shown).toEqual(Object.entries(commands).map(([name, command]) => synopsis(name, command)));
});

test("the files that it names exist", () => {
  const named = [...readme.matchAll(/`((?:src|test|migrations)\/[\w./-]+)`/g)].map(
    ([, path]) => path ?? "",
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

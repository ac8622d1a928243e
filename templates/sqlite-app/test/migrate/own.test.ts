// The migrations of this project are valid, and every engine has the same ones.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFolder } from "../../src/migrate/files.ts";
import { ENGINES } from "../../src/migrate/sql.ts";

const root = join(import.meta.dir, "..", "..", "migrations");
const engines = ENGINES.filter((engine) => existsSync(join(root, engine)));

test("every engine has the same migrations, and their files are valid", async () => {
  const folders = await Promise.all(
    engines.map((engine) => readFolder(join(root, engine), engine)),
  );
  expect(folders.flatMap(({ findings }) => findings)).toEqual([]);
  const names = folders.map(({ migrations }) => migrations.map(({ name }) => name));
  expect(names).toEqual(names.map(() => names[0] ?? []));
});

// Bun and Node.js: the API differences and the module systems.
import { test as bunTest, describe, expect, expectTypeOf } from "bun:test";
import { run, runProgram, withFolder } from "./program.ts";
import { statement } from "./statement.ts";

const node = Bun.which("node");
const hasNode = node !== null;
const runNode = (folder: string, ...args: string[]) => run(folder, [node ?? "node", ...args]);

const ESM = "export const value = 42;";

statement("node/resolution", async () => {
  // Without "type" in a package.json, the syntax of each .js file decides.
  const { stdout } = await runProgram({
    "esm.js": ESM,
    "cjs.js": "module.exports = { value: 41 };",
    "main.ts": 'console.log((await import("./cjs.js")).value, (await import("./esm.js")).value);',
  });
  expect(stdout).toBe("41 42");
});

statement("node/read-file", async () => {
  const { readFile } = await import("node:fs/promises");
  expect(await readFile(import.meta.path, "utf8")).toBe(await Bun.file(import.meta.path).text());
});

statement("node/env", () => {
  expect(Bun.env).toBe(process.env);
  // Held by the type check.
  expectTypeOf(process.env.API_KEY).toEqualTypeOf(Bun.env.API_KEY);
});

statement("node/password", async () => {
  const hash = await Bun.password.hash("correct horse");
  expect(hash).toStartWith("$argon2id$v=19$m=65536,t=2,p=1$");
  expect(await Bun.password.verify("correct horse", hash)).toBe(true);
  expect(await Bun.password.verify("wrong", hash)).toBe(false);
  await expect(Bun.password.verify("correct horse", "not a hash")).rejects.toMatchObject({
    code: "PASSWORD_UNSUPPORTED_ALGORITHM",
  });
});

statement(
  "node/password-in-node",
  async () => {
    const { stdout } = await withFolder({}, (folder) =>
      runNode(folder, "-p", "typeof crypto.scryptSync"),
    );
    expect(stdout).toBe("function");
  },
  { needs: hasNode },
);

statement("node/sqlite", async () => {
  const { Database } = await import("bun:sqlite");
  using db = new Database(":memory:");
  expect(db.query("SELECT 1 AS one").get()).toEqual({ one: 1 });
});

statement("node/sqlite-in-node", async () => {
  const { DatabaseSync } = await import("node:sqlite");
  using db = new DatabaseSync(":memory:");
  expect({ ...db.prepare("SELECT 1 AS one").get() }).toEqual({ one: 1 });
});

statement("node/test", () => {
  expect([typeof describe, typeof bunTest, typeof expect]).toEqual([
    "function",
    "function",
    "function",
  ]);
});

statement(
  "node/test-in-node",
  () =>
    withFolder(
      { "a.test.mjs": 'import test from "node:test"; test("a", () => {});' },
      async (folder) => {
        const { code, stdout } = await runNode(folder, "--test", "a.test.mjs");
        expect(stdout).toMatch(/pass 1/);
        expect(code).toBe(0);
      },
    ),
  { needs: hasNode },
);

statement("modules/both", async () => {
  const { stdout } = await runProgram({
    "a.cjs": "module.exports = { value: 41 };",
    "b.mjs": ESM,
    "main.ts": `
      import { value } from "./a.cjs";
      console.log(value, require("./b.mjs").value);`,
  });
  expect(stdout).toBe("41 42");
});

statement(
  "modules/top-level-await",
  async () => {
    const files = {
      "main.ts": "console.log(await Promise.resolve(42));",
      "main.mjs": "console.log(await Promise.resolve(42));",
    };
    await withFolder(files, async (folder) => {
      expect((await run(folder, [process.execPath, "main.ts"])).stdout).toBe("42");
      expect((await runNode(folder, "main.mjs")).stdout).toBe("42");
    });
  },
  { needs: hasNode },
);

statement(
  "modules/extensions",
  async () => {
    const files = {
      "utils.ts": "export default 42;",
      "utils.mjs": "export default 42;",
      "main.ts": 'import utils from "./utils"; console.log(utils);',
      "main.mjs": 'import "./utils";',
    };
    await withFolder(files, async (folder) => {
      expect((await run(folder, [process.execPath, "main.ts"])).stdout).toBe("42");
      expect((await runNode(folder, "main.mjs")).stderr).toContain("ERR_MODULE_NOT_FOUND");
    });
  },
  { needs: hasNode },
);

statement("modules/bare-specifier", async () => {
  const { stdout } = await runProgram({
    "node_modules/lib/package.json": '{ "name": "lib", "exports": "./entry.js" }',
    "node_modules/lib/entry.js": "export default 42;",
    "main.ts": 'import lib from "lib"; console.log(lib);',
  });
  expect(stdout).toBe("42");
});

// Advanced topics: loaders, FFI, the transpiler, the bundler, hot reload, the test runner.
import { dlopen, suffix } from "bun:ffi";
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { run, runProgram, startProgram, until, withFolder } from "./program.ts";
import { statement } from "./statement.ts";

const bun = process.execPath;
const linux = process.platform === "linux";

/** A plugin for `.shout` files that returns its module as this expression. */
const shout = (result: string) => `
export default {
  name: "shout-loader",
  setup(build) {
    build.onLoad({ filter: /\\.shout$/ }, async ({ path }) => {
      const value = { text: (await Bun.file(path).text()).trim().toUpperCase() };
      return ${result};
    });
  },
};`;
const AS_OBJECT = shout('{ exports: { default: value }, loader: "object" }');
const AS_JSON = shout('{ contents: JSON.stringify(value), loader: "json" }');

const SITE = {
  "a.shout": "hello",
  "main.ts": 'import shout from "./a.shout"; console.log(shout.text);',
  "preload.ts": 'import shout from "./shout.ts"; Bun.plugin(shout);',
};
const PRELOAD = 'preload = ["./preload.ts"]';

/** Runs the program of a folder with these files, and returns what it printed. */
const printed = (files: Readonly<Record<string, string>>) =>
  withFolder({ ...SITE, ...files }, async (folder) => (await run(folder, [bun, "main.ts"])).stdout);

statement("loaders/config", async () => {
  const config = {
    "shout.ts": AS_OBJECT,
    "bun.config.ts": 'import shout from "./shout.ts"; export default { plugins: [shout] };',
    "bunfig.toml": 'plugins = ["./shout.ts"]',
  };
  expect(await printed(config)).not.toBe("HELLO");
  expect(await printed({ "shout.ts": AS_OBJECT, "bunfig.toml": PRELOAD })).toBe("HELLO");
});

statement("loaders/json", async () => {
  expect(await printed({ "shout.ts": AS_JSON, "bunfig.toml": PRELOAD })).toBe("");
  await withFolder({ ...SITE, "shout.ts": AS_JSON }, async (folder) => {
    const { default: plugin } = await import(join(folder, "shout.ts"));
    const { outputs } = await Bun.build({
      entrypoints: [join(folder, "main.ts")],
      plugins: [plugin],
    });
    expect(await outputs[0]?.text()).toContain('"HELLO"');
  });
});

statement("loaders/yaml", async () => {
  const { stdout } = await runProgram({
    "config.yaml": "port: 3000\nhosts: [a, b]\n",
    "main.ts": 'import config from "./config.yaml"; console.log(JSON.stringify(config));',
  });
  expect(JSON.parse(stdout)).toEqual({ port: 3000, hosts: ["a", "b"] });
});

statement(
  "ffi/dlopen",
  () => {
    const math = dlopen(`libm.${suffix}.6`, { sqrt: { args: ["f64"], returns: "f64" } });
    expect(math.symbols.sqrt(16)).toBe(4);
    math.close();
    expect(() => dlopen(`libexample.${suffix}`, {})).toThrow();
  },
  { needs: linux },
);

statement(
  "ffi/coercion",
  () => {
    const library = dlopen("libc.so.6", { abs: { args: ["i32"], returns: "i32" } });
    const abs = library.symbols.abs as (...args: unknown[]) => number;
    expect(abs(-5)).toBe(5);
    expect([abs(), abs(Number.NaN), abs(1.9), abs(2 ** 32 + 7)]).toEqual([0, 0, 1, 7]);
    expect(() => abs("5")).toThrow(TypeError);
    library.close();
  },
  { needs: linux },
);

statement("transpiler/transform", async () => {
  const transpiler = new Bun.Transpiler({ loader: "tsx", target: "browser" });
  const output = await transpiler.transform(
    "const C = (): unknown => <div>Hello</div>; export default C;",
  );
  expect(output).toContain("export default C");
  expect(output).not.toContain("<div>");
  const imports = transpiler.scanImports(
    'import type { A } from "./types"; import b from "./b"; b;',
  );
  expect(imports.map(({ path }) => path)).toEqual(expect.arrayContaining(["./b"]));
  expect(imports.map(({ path }) => path)).not.toContain("./types");
});

statement("build/options", () =>
  withFolder(
    {
      "index.tsx":
        'import { name } from "react"; console.log(name, process.env.NODE_ENV); void import("./later.ts");',
      "later.ts": "export const later = 1;",
    },
    async (folder) => {
      const result = await Bun.build({
        entrypoints: [join(folder, "index.tsx")],
        outdir: join(folder, "dist"),
        target: "browser",
        minify: true,
        splitting: true,
        sourcemap: "external",
        external: ["react"],
        define: { "process.env.NODE_ENV": JSON.stringify("production") },
      });
      expect(result.success).toBe(true);
      const entry = result.outputs.find(({ kind }) => kind === "entry-point");
      const text = (await entry?.text()) ?? "";
      expect(text).toContain('"production"');
      expect(text).toMatch(/from\s*"react"/);
      expect(text).not.toContain("sourceMappingURL");
      const files = await readdir(join(folder, "dist"));
      expect(files).toContain("index.js.map");
      expect(files.filter((name) => name.endsWith(".js"))).toHaveLength(2);
    },
  ),
);

statement("build/failure", () =>
  withFolder({ "broken.ts": 'import "./missing.ts";' }, async (folder) => {
    const options = { entrypoints: [join(folder, "broken.ts")] };
    await expect(Bun.build(options)).rejects.toBeInstanceOf(AggregateError);
    expect((await Bun.build({ ...options, throw: false })).success).toBe(false);
  }),
);

/** A server that counts its requests in a module variable and on globalThis. The comment is edited. */
const COUNTER = (version: number) => `
// ${version}
let count = 0;
declare global { var kept: { count: number; server?: Bun.Server<unknown> }; }
globalThis.kept ??= { count: 0 };
const options = { port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ version: ${version}, count: ++count, kept: ++globalThis.kept.count, hot: import.meta.hot !== undefined }) };
if (globalThis.kept.server) globalThis.kept.server.reload(options);
else { globalThis.kept.server = Bun.serve(options); console.log(globalThis.kept.server.url.href); }
`;

/** Runs the counter with --hot, edits it, and returns what it answers after the edit. */
const editHot = () =>
  withFolder({ "main.ts": COUNTER(1) }, async (folder) => {
    const { child, url } = await startProgram(folder, ["--hot"]);
    try {
      type Counts = { version: number; count: number; kept: number; hot: boolean };
      const get = async () => (await (await fetch(url)).json()) as Counts;
      await get();
      await Bun.write(join(folder, "main.ts"), COUNTER(2));
      await until(async () => (await get()).version === 2);
      return await get();
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

statement("hot/state", async () => {
  const { count, kept } = await editHot();
  // The edit started `count` at 0, so it lacks at least the request before the edit.
  expect(count).toBeLessThan(kept);
});

statement("hot/import-meta", async () => {
  expect((await editHot()).hot).toBe(false);
});

/** Runs a test file in a separate folder, outside CI mode. */
const runTests = (folder: string, env: Readonly<Record<string, string>> = { CI: "" }) =>
  run(folder, [bun, "test"], env);

statement("testing/basics", () =>
  withFolder(
    {
      "a.test.ts": `
        import { describe, expect, mock, test } from "bun:test";
        describe("math", () => {
          test("adds", () => expect(1 + 1).toBe(2));
          test("waits", async () => expect(await Promise.resolve(42)).toBe(42));
          test("mocks", () => {
            const double = mock((x: number) => x * 2);
            double(5); double(10);
            expect(double).toHaveBeenCalledTimes(2);
            expect(double).toHaveBeenCalledWith(5);
          });
        });`,
    },
    async (folder) => {
      const { code, stderr } = await runTests(folder);
      expect(stderr).toContain("3 pass");
      expect(code).toBe(0);
    },
  ),
);

statement("testing/snapshots", () =>
  withFolder(
    {
      "a.test.ts":
        'import { expect, test } from "bun:test"; test("a", () => expect({ name: "John" }).toMatchSnapshot());',
    },
    async (folder) => {
      // CI must not write a file that has not been reviewed.
      expect((await runTests(folder, { CI: "true" })).code).toBe(1);
      expect((await runTests(folder)).code).toBe(0);
      expect(await Bun.file(join(folder, "__snapshots__/a.test.ts.snap")).text()).toContain(
        '"John"',
      );
      expect((await runTests(folder, { CI: "true" })).code).toBe(0);
    },
  ),
);

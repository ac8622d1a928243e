// `bun run graph`: imports of values and types, dynamic imports, cycles, and unused files.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { findCycles } from "../build/cycles.ts";
import type { Edge } from "../build/imports.ts";
import type { GraphReport } from "../graph.ts";
import { bun, COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

describe("cycles", () => {
  const graph = (edges: Record<string, string>, kind: Edge["kind"] = "import") =>
    new Map(Object.entries(edges).map(([from, to]) => [from, [...to].map((to) => ({ to, kind }))]));

  test.each([
    [{ a: "b", b: "c", c: "" }, []],
    [{ a: "b", b: "c", c: "a" }, ["abc"]],
    [{ c: "b", b: "a", a: "c" }, ["acb"]],
    [{ a: "a" }, ["a"]],
    [{ a: "bc", b: "a", c: "a" }, ["ab", "ac"]],
    [{ a: "b", b: "cd", c: "b", d: "e", e: "d" }, ["bc", "de"]],
  ])("%j", (edges, cycles) => {
    expect(findCycles(graph(edges)).map((cycle) => cycle.join(""))).toEqual(cycles);
  });

  test("of type imports do not count", () => {
    expect(findCycles(graph({ a: "b", b: "a" }, "type"))).toEqual([]);
  });
});

test("the project has no cycle and no unused file, and added ones are found", async () => {
  using project = await Project.copy();
  const graph = (...options: string[]) => bun(project.path, "run", "graph", ...options);
  await project.write({ "site/public/copied.jsonl": "1\n" });
  expect(await graph("--check")).toMatchObject({ exitCode: 0 });
  await project.edit("site/index.html", (html) => html.replace('"./main.ts"', '"main.ts"'));
  await project.edit("site/about.html", (html) => html.replace('"./about.ts"', '"/about.ts"'));
  expect(await graph("--check")).toMatchObject({ exitCode: 0 });

  await project.write({
    "site/content/unused.jsonl": "1\n",
    "src/one.ts": 'import { two } from "./two.ts";\nexport const one = () => two;\n',
    "src/three.ts": 'import type from "./four.ts";\nexport default type;\n',
    "src/four.ts": 'export { default } from "./three";\n',
    "src/two.ts": 'import { one } from "./one.ts";\nexport const two = () => one;\n',
  });
  const { stdout } = await graph("--json");
  const { modules, cycles, unused }: GraphReport = JSON.parse(stdout);
  expect(unused.toSorted()).toEqual([
    "site/content/unused.jsonl",
    "src/four.ts",
    "src/one.ts",
    "src/three.ts",
    "src/two.ts",
  ]);
  expect(modules["site/about.html"]).toContainEqual({ to: "site/about.ts", kind: "import" });
  expect(modules["site/main.ts"]).toContainEqual({ to: "site/show.ts", kind: "import" });
  expect(modules["site/main.ts"]).toContainEqual({ to: "site:settings", kind: "external" });
  expect(modules["site/main.ts"]).toContainEqual({
    to: "site/content/later.jsonl",
    kind: "dynamic",
  });
  expect(modules["src/hosts/serve.ts"]).toEqual([
    { to: "src/error.ts", kind: "type" },
    { to: "src/hosts/bun.ts", kind: "type" },
  ]);
  expect(cycles).toEqual([
    ["src/four.ts", "src/three.ts"],
    ["src/one.ts", "src/two.ts"],
  ]);
  const found = await graph("--check");
  expect(found.exitCode).toBe(1);
  expect(found.stderr).toContain("src/one.ts → src/two.ts → src/one.ts");
});

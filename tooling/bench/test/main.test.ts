// The command line, as processes.
import { expect, test } from "bun:test";
import { areaNames, loadArea } from "../src/areas.ts";
import { parse, UsageError } from "../src/args.ts";

function bench(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    "bun",
    `${import.meta.dir}/../src/main.ts`,
    ...args,
  ]);
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("an unknown area lists those that there are, and exits with 2", async () => {
  const { exitCode, stdout, stderr } = bench("creat");
  expect(exitCode).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("There is no area creat.");
  for (const name of await areaNames()) expect(stderr).toContain(`\n  ${name} `);
});

test("--help goes to stdout", () => {
  const { exitCode, stdout } = bench("--help");
  expect(exitCode).toBe(0);
  expect(stdout).toStartWith("Usage: bun run bench <area>");
});

test("options are parsed", () => {
  expect(
    parse(["create", "--gate", "--only", "install", "--only", "bare", "--json", "x.json"]),
  ).toEqual({
    area: "create",
    only: ["install", "bare"],
    quick: false,
    gate: true,
    record: false,
    json: "x.json",
    help: false,
  });
});

test.each([
  [["create", "--fast"]],
  [["create", "--json"]],
  [["a", "b"]],
  [["a", "--record", "--quick"]],
])("%p is wrong usage", (argv) => {
  expect(() => parse(argv)).toThrow(UsageError);
});

test("every figure of every area names a bench and contestants that exist", async () => {
  for (const name of await areaNames()) {
    const { benches, figures } = await loadArea(name);
    for (const { bench, of, over = of } of figures) {
      expect(Object.keys(benches[bench]?.contestants ?? {})).toContainValues([of, over]);
    }
  }
});

// The matrix: its table, its widths and its counts.
import { expect, test } from "bun:test";
import { CELLS, isGreen, plan, type Row, type State } from "../src/cells.ts";
import { changes } from "../src/files.ts";
import { duration, plain, renderMatrix } from "../src/matrix.ts";
import { movesInWords, summary } from "../src/report.ts";
import { moves } from "../src/versions.ts";

const row = (state: State): Row =>
  Object.fromEntries(CELLS.map((cell) => [cell, state])) as unknown as Row;
const passed: State = { status: "passed", ms: 1500 };
const failed: State = { status: "failed", ms: 599_000, reason: "<why> & \u0000how", log: "a.log" };

test("a library neither boots nor drains, and Windows has no signals", () => {
  const skipped = (service: boolean, platform: NodeJS.Platform) =>
    Object.entries(
      plan({ name: "a", template: "a", without: undefined, service }, platform),
    ).flatMap(([cell, { status }]) => (status === "waiting" ? [] : [cell]));
  expect(skipped(true, "linux")).toEqual([]);
  expect(skipped(false, "linux")).toEqual(["boot", "drain"]);
  expect(skipped(true, "win32")).toEqual(["drain"]);
});

test("the table fits in 80 columns, whatever its cells say", () => {
  const states: readonly State[] = [
    passed,
    failed,
    { status: "running", since: 0 },
    { status: "waiting" },
    { status: "not run" },
    { status: "not applicable", reason: "" },
  ];
  const matrix = new Map(states.map((state) => [`fourteen-char${state.status[0]}`, row(state)]));
  const lines = renderMatrix(matrix, 598_000, plain);
  expect(lines).toHaveLength(1 + matrix.size);
  for (const line of lines) {
    expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
    expect(line.split(/ +(?![\d.]+[sm]\b)/)).toHaveLength(1 + CELLS.length);
  }
});

test.each([
  [0, "0.0s"],
  [9949, "9.9s"],
  [9950, "10s"],
  [599_499, "599s"],
  [599_500, "10m"],
])("%i ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("a run is green if no cell failed and none was skipped", () => {
  const other: State = { status: "not applicable", reason: "" };
  expect(isGreen(new Map([["a", { ...row(passed), drain: other }]]))).toBe(true);
  expect(isGreen(new Map([["a", { ...row(passed), drain: failed }]]))).toBe(false);
  expect(isGreen(new Map([["a", { ...row(passed), drain: { status: "not run" } }]]))).toBe(false);
  expect(summary(new Map([["a", { ...row(passed), boot: other, drain: failed }]]))).toBe(
    "1 row, 8 cells: 7 passed, 1 failed",
  );
});

test("changed versions and changed files are found", () => {
  const moved = moves({ zod: "1.0.0", yaml: "2.0.0" }, { zod: "1.1.0", yaml: "2.0.0" });
  expect(moved).toEqual([{ name: "zod", from: "1.0.0", to: "1.1.0" }]);
  expect(movesInWords(moved)).toBe("zod 1.0.0 → 1.1.0");
  const before = new Map([
    ["a", "1"],
    ["b", "1"],
    ["c", "1"],
  ]);
  const after = new Map([
    ["b", "2"],
    ["c", "1"],
    ["d", "1"],
  ]);
  expect(changes(before, after)).toEqual(["a", "b", "d"]);
});

// The sum at the end of a test run, read from the output of `bun test`.
import { describe, expect, test } from "bun:test";
import { suiteLines, suitesIn, sum, summaryLine, tallyOf } from "../tally.ts";

const summary = (lines: string) => `bun test v1.4.5\n\n${lines}\n`;

describe("tallyOf", () => {
  test("reads passed, failed and skipped", () => {
    const log = summary(
      "a.test.ts:\n(pass) a\n(skip) b > c\n(todo) d\n\n 1 pass\n 1 skip\n 1 todo\n 2 fail\n 1 error\n 3 expect() calls\nRan 4 tests across 1 file. [7.00ms]",
    );
    expect(tallyOf({ exitCode: 1, log })).toEqual({
      passed: 1,
      failed: 2,
      skipped: ["b > c", "d"],
      failures: [],
    });
  });

  test("quotes what a failed test printed, up to the result of the test before it", () => {
    const log = summary(
      "a.test.ts:\nfine\n(pass) a\nExpected: 0\nReceived: 1\n(fail) b [2.00ms]\n\n1 tests failed:\n(fail) b [2.00ms]\n\n 1 pass\n 1 fail\nRan 2 tests across 1 file. [7.00ms]",
    );
    expect(tallyOf({ exitCode: 1, log })).toEqual({
      passed: 1,
      failed: 1,
      skipped: [],
      failures: ["Expected: 0\nReceived: 1\n(fail) b [2.00ms]"],
    });
  });

  test("reads a summary that also counts snapshots", () => {
    const log = summary(
      " 7 pass\n 0 fail\n 1 snapshots, 9 expect() calls\nRan 7 tests across 1 file. [7.00ms]",
    );
    expect(tallyOf({ exitCode: 0, log })).toEqual({
      passed: 7,
      failed: 0,
      skipped: [],
      failures: [],
    });
  });

  test("leaves out the hooks of a skipped group", () => {
    const log = summary(
      "(skip) a > (unnamed)\n(skip) a > b\n\n 1 pass\n 2 skip\n 0 fail\nRan 3 tests across 1 file. [7.00ms]",
    );
    expect(tallyOf({ exitCode: 0, log }).skipped).toEqual(["a > b"]);
  });

  test("reads colours and carriage returns of a terminal", () => {
    const log =
      "\u001b[32m 5 pass\u001b[0m\r\n\u001b[2m 0 fail\u001b[0m\r\nRan 5 tests across 2 files. [1s]\r\n";
    expect(tallyOf({ exitCode: 0, log })).toEqual({
      passed: 5,
      failed: 0,
      skipped: [],
      failures: [],
    });
  });

  test("counts the task's own summary, not one that a test quoted", () => {
    const quoted = " 9 pass\n 9 fail\nRan 18 tests across 1 file. [1ms]";
    const log = summary(`${quoted}\n(pass) a\n\n 1 pass\n 0 fail\nRan 1 test across 1 file. [2ms]`);
    expect(tallyOf({ exitCode: 0, log })).toEqual({
      passed: 1,
      failed: 0,
      skipped: [],
      failures: [],
    });
  });

  test("counts a crash, a run without tests and a late failure as one failure", () => {
    const passed = summary(" 3 pass\n 0 fail\nRan 3 tests across 1 file. [2ms]");
    expect(tallyOf({ exitCode: 139, log: "panic" }).failed).toBe(1);
    expect(tallyOf({ exitCode: 0, log: "" }).failed).toBe(1);
    expect(tallyOf({ exitCode: 1, log: passed })).toEqual({
      passed: 3,
      failed: 1,
      skipped: [],
      failures: [],
    });
  });
});

test("the sum ends a run with one line", () => {
  const total = sum([
    { passed: 2, failed: 0, skipped: ["a"], failures: [] },
    { passed: 3, failed: 1, skipped: [], failures: [] },
  ]);
  expect(summaryLine(total)).toBe("5 passed, 1 failed, 1 skipped");
  expect(summaryLine({ passed: 1, failed: 0, skipped: [] })).toBe("1 passed, 0 failed");
});

test("the suites of created projects are counted, with the names of skipped tests", () => {
  const first = { passed: 3, failed: 0, skipped: ["a > b", "c"], failures: [] };
  const second = { passed: 1, failed: 2, skipped: [], failures: [] };
  const log = `(pass) x\n${suiteLines("created a", first)}\n(pass) y\n${suiteLines("b without its features", second)}\n`;
  expect([...suitesIn(log)]).toEqual([
    ["created a", first],
    ["b without its features", second],
  ]);
});

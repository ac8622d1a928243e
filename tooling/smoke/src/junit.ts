// Renders a run as JUnit XML, as GitHub, GitLab and Jenkins read it. Pure.
import { CELLS, type Row, type State } from "./cells.ts";
import type { Outcome } from "./report.ts";

/** A starter is a test suite, a cell a test case. Cells that do not apply to a starter are omitted. */
export function toJunit({ matrix, date, ms, logs }: Outcome): string {
  const rows = [...matrix];
  const suites = rows.map(([name, row]) =>
    element("testsuite", { name, timestamp: date, ...counts([row]), time: seconds(timeOf(row)) }, [
      ...CELLS.flatMap((cell) => testcase(name, cell, row[cell], logs)),
    ]),
  );
  const total = { name: "smoke", ...counts(rows.map(([, row]) => row)), time: seconds(ms) };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", total, suites)}\n`;
}

function testcase(
  classname: string,
  name: string,
  state: State,
  logs: Outcome["logs"],
): readonly string[] {
  switch (state.status) {
    case "not applicable":
      return [];
    case "passed":
      return [element("testcase", { classname, name, time: seconds(state.ms) }, [])];
    case "failed": {
      const text = escaped(logs.get(state.log) ?? "");
      const failure = element("failure", { message: state.reason }, [text]);
      return [element("testcase", { classname, name, time: seconds(state.ms) }, [failure])];
    }
    default: {
      const skipped = element("skipped", { message: "an earlier cell failed" }, []);
      return [element("testcase", { classname, name, time: "0" }, [skipped])];
    }
  }
}

function counts(rows: readonly Row[]) {
  const states = rows.flatMap((row) => CELLS.map((cell) => row[cell].status));
  const count = (...of: readonly State["status"][]) =>
    String(states.filter((status) => of.includes(status)).length);
  return {
    tests: count("passed", "failed", "not run", "waiting", "running"),
    failures: count("failed"),
    errors: "0",
    skipped: count("not run", "waiting", "running"),
  };
}

function timeOf(row: Row): number {
  return CELLS.map((cell) => row[cell]).reduce(
    (sum, state) => sum + ("ms" in state ? state.ms : 0),
    0,
  );
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  content: readonly string[],
): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const open = `<${name}${list.join("")}`;
  return content.length === 0 ? `${open}/>` : `${open}>${content.join("\n")}</${name}>`;
}

/** Escapes text for content and attributes. Characters that XML 1.0 forbids are removed. */
function escaped(text: string): string {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" } as const;
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll(/[&<>"]/g, (character) => entities[character as keyof typeof entities]);
}

// Counts tests from the output of `bun test`, so that a cached run counts like a fresh one.

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Names of the tests that were skipped. */
  readonly skipped: readonly string[];
  /** The last lines that each failed test printed, and its name. */
  readonly failures: readonly string[];
}

/** Lines to repeat of a failed test's output. */
const FAILURE_LINES = 30;

/** The result and the output of one workspace's test task. */
export interface TaskOutcome {
  readonly exitCode: number;
  readonly log: string;
}

/**
 * Counts the tests of one task. A task that failed without a failed test (it crashed, or found no tests) counts as one
 * failure, so that no failure is missing from the sum.
 */
export function tallyOf({ exitCode, log }: TaskOutcome): Tally {
  const lines = Bun.stripANSI(log).split(/\r?\n/);
  // The last summary is the task's own. A test may have printed the summary of another `bun test` before it.
  const end = lines.findLastIndex((line) => /^Ran \d+ tests? across \d+ files?\./.test(line));
  const counts = new Map<string, number>();
  for (let at = end - 1; at >= 0; at--) {
    const [, count, kind] =
      /^ *(\d+) (pass|fail|skip|todo|error|snapshots?|expect\(\) calls)/.exec(lines[at] ?? "") ??
      [];
    if (kind === undefined) break;
    counts.set(kind, Number(count));
  }
  const unfinished = (counts.get("skip") ?? 0) + (counts.get("todo") ?? 0);
  const named = lines.filter((line) => /^\((skip|todo)\) /.test(line));
  const failed = counts.get("fail") ?? 0;
  const crashed = failed === 0 && (exitCode !== 0 || end === -1);
  return {
    passed: counts.get("pass") ?? 0,
    failed: crashed ? 1 : failed,
    skipped:
      unfinished === 0
        ? []
        : named
            .slice(-unfinished)
            .map((line) => line.replace(/^\S+ /, ""))
            // Bun lists and counts the hooks of a skipped group, too.
            .filter((name) => !/(^|> )\(unnamed\)$/.test(name)),
    failures: failuresIn(lines),
  };
}

function failuresIn(lines: readonly string[]): readonly string[] {
  // After this line, Bun lists the failed tests again.
  const list = lines.findLastIndex((line) => /^\d+ tests? failed:$/.test(line));
  const failures: string[] = [];
  let start = 0;
  for (const [at, line] of lines.slice(0, list === -1 ? undefined : list).entries()) {
    if (line.startsWith("(fail) ")) {
      const first = Math.max(start, at - FAILURE_LINES);
      failures.push(lines.slice(first, at + 1).join("\n"));
    }
    if (/^\((pass|fail|skip|todo)\) /.test(line)) start = at + 1;
  }
  return failures;
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
    failures: tallies.flatMap(({ failures }) => failures),
  };
}

/** The last line of a run. */
export function summaryLine({ passed, failed, skipped }: Omit<Tally, "failures">): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped.length === 0 ? line : `${line}, ${skipped.length} skipped`;
}

/** Lines about the suite of a created project. A test prints them, so that the sum of the run includes the suite. */
export function suiteLines(name: string, tally: Tally): string {
  const skipped = tally.skipped.map((test) => `  skipped: ${test}\n`).join("");
  return `suite of ${name}: ${summaryLine({ ...tally, skipped: [] })}\n${skipped}`;
}

/** By name, the suites of created projects that the tests of a task have run. A failed one is quoted by its test. */
export function suitesIn(log: string): ReadonlyMap<string, Tally> {
  const suites = Bun.stripANSI(log).matchAll(
    /^suite of (.+): (\d+) passed, (\d+) failed\n((?: {2}skipped: .+\n)*)/gm,
  );
  const tallies = suites.map(([, name = "", passed, failed, skipped = ""]) => {
    const names = [...skipped.matchAll(/^ {2}skipped: (.+)$/gm)].map(([, test = ""]) => test);
    const tally = { passed: Number(passed), failed: Number(failed), skipped: names, failures: [] };
    return [name, tally] as const;
  });
  return new Map(tallies);
}

// Complete runs as processes: each cell failing once, the reports, the files that are kept, and the exit codes.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CELLS } from "../src/cells.ts";
import { Fixture, LIBRARY, main, manifest } from "./fixture.ts";

setDefaultTimeout(120_000);
const posix = process.platform !== "win32";

/** One starter for each cell, named after the cell that fails. */
const PLANTED = {
  create: null,
  install: manifest({}, { dependencies: { nowhere: "http://127.0.0.1:9/nowhere.tgz" } }),
  check: {
    ...manifest({ check: "bun old.ts" }),
    "old.ts": 'console.log("warning: this is old");\n',
  },
  format: manifest({ format: "echo changed > .env.example" }),
  test: {
    "main.test.ts":
      'import { test } from "bun:test";\ntest("red", () => {\n  throw new Error("planted <&\\u0007>");\n});\n',
  },
  build: manifest({ build: "bun -e 'process.exit(3)'" }),
  boot: { "main.ts": 'console.error("no port");\nprocess.exit(1);\n' },
  probe: { "main.ts": main({ script: 500 }) },
  ...(posix ? { drain: { "main.ts": main({ code: 3 }) } } : {}),
};

interface Report {
  readonly ok: boolean;
  readonly starters: readonly {
    readonly name: string;
    readonly cells: readonly { cell: string; status: string; reason?: string; log?: string }[];
  }[];
}

describe("a run in which each cell fails once", () => {
  let fixture: Fixture;
  let outcome: Awaited<ReturnType<Fixture["run"]>>;
  let report: Report;
  let summary: string;

  beforeAll(async () => {
    fixture = await Fixture.open({ ...PLANTED, green: {}, library: LIBRARY });
    const json = fixture.path("out/run.json");
    const page = fixture.path("summary.md");
    await Bun.write(page, "before\n");
    outcome = await fixture.run(["--json", json], {
      GITHUB_STEP_SUMMARY: page,
    });
    report = await Bun.file(json).json();
    summary = await readFile(page, "utf8");
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const statuses = (starter: string) =>
    report.starters.find(({ name }) => name === starter)?.cells.map(({ status }) => status);

  test("exits with 1", () => {
    expect(outcome.code).toBe(1);
    expect(report.ok).toBe(false);
  });

  test.each(Object.keys(PLANTED))(
    "%s fails, the cells before it pass, the cells after it are not run",
    (cell) => {
      const run = statuses(cell)?.filter((status) => status !== "not applicable") ?? [];
      const before = CELLS.map(String).indexOf(cell);
      const after = run.length - before - 1;
      expect(run).toEqual([
        ...Array(before).fill("passed"),
        "failed",
        ...Array(after).fill("not run"),
      ]);
    },
  );

  test("the other rows continue to the end", () => {
    const drained = posix ? "passed" : "not applicable";
    expect(statuses("green")).toEqual([...Array(8).fill("passed"), drained]);
    const library = ["not applicable", "passed", "not applicable"];
    expect(statuses("library")).toEqual([...Array(6).fill("passed"), ...library]);
  });

  test("reports the reason in one line", () => {
    const reasons = report.starters.flatMap(({ cells }) =>
      cells.flatMap(({ reason, status }) => (status === "failed" ? [reason] : [])),
    );
    expect(reasons).toEqual([
      "exit code 1",
      "exit code 1",
      "it printed a warning: warning: this is old",
      "formatting changes .env.example",
      "exit code 1",
      "exit code 3",
      "the service never listened",
      "GET /page.js answers 500, not 200",
      ...(posix ? ["exit code 3 after SIGTERM"] : []),
    ]);
  });

  test("keeps only the logs of failed cells, and names them", async () => {
    const [folder = "", ...others] = await fixture.left();
    expect(others).toEqual([]);
    expect(await readdir(join(fixture.temporary, folder))).toEqual(["logs"]);
    const logs = await readdir(join(fixture.temporary, folder, "logs"));
    expect(logs.sort()).toEqual(
      Object.keys(PLANTED)
        .map((cell) => `${cell}-${cell}.log`)
        .sort(),
    );
    for (const log of logs)
      expect(outcome.stdout).toContain(join(fixture.temporary, folder, "logs", log));
    expect(
      await readFile(join(fixture.temporary, folder, "logs", "boot-boot.log"), "utf8"),
    ).toContain("no port");
  });

  test("prints progress line by line, then the matrix with the end of each log", () => {
    expect(outcome.stderr).toMatch(/^green: test passed in [\d.]+s$/m);
    expect(outcome.stderr).toMatch(/^build: build FAILED: exit code 3$/m);
    expect(outcome.stderr + outcome.stdout).not.toContain("\u001b");
    expect(outcome.stdout).toMatch(/^green( +[\d.]+s)+/m);
    expect(outcome.stdout).toContain("planted <&");
    expect(outcome.stdout.trimEnd().split("\n").at(-1)).toMatch(
      /^11 rows, \d+ cells: \d+ passed, 9 failed, \d+ not run in /,
    );
  });

  test("GitHub's step summary is appended to the file", () => {
    expect(summary).toStartWith("before\n### Smoke run: Bun ");
    expect(summary).toContain("| `green` | ✅");
    expect(summary).toContain("planted &lt;&amp;");
  });
});

test("each feature of a starter has a row without it", async () => {
  const features = { extra: { description: "A part", paths: ["extra.test.ts"] } };
  await using fixture = await Fixture.open({
    modular: {
      ...manifest({}, { bunyard: { features } }),
      "extra.test.ts": 'import { test } from "bun:test";\ntest("extra", () => {});\n',
    },
  });
  const { code, stdout } = await fixture.run(["--template", "modular", "--json", "-"]);
  const { starters } = JSON.parse(stdout) as Report;
  expect(starters.map(({ name }) => name)).toEqual(["modular", "modular-without-extra"]);
  const notApplicable = starters[1]?.cells.filter(({ status }) => status === "not applicable");
  expect(notApplicable?.map(({ cell }) => cell)).toEqual(["format", "drain"]);
  expect(code).toBe(0);
});

test("a green run exits with 0 and leaves no file; --json - writes only JSON to standard output", async () => {
  await using fixture = await Fixture.open({ one: {}, two: LIBRARY, three: {} });
  const { code, stdout, stderr } = await fixture.run([
    "--template",
    "two",
    "--template",
    "one",
    "--json",
    "-",
  ]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const report: Report = JSON.parse(stdout);
  expect(report.ok).toBe(true);
  expect(report.starters.map(({ name }) => name)).toEqual(["one", "two"]);
  expect(stderr).toContain("2 rows, 16 cells: ");
  expect(await fixture.left()).toEqual([]);
});

test("--keep keeps the projects, and prints where they are", async () => {
  await using fixture = await Fixture.open({ one: LIBRARY });
  const { code, stderr } = await fixture.run(["--keep"]);
  expect(code).toBe(0);
  const [folder = ""] = await fixture.left();
  expect(stderr).toContain(`Kept: ${join(fixture.temporary, folder)}`);
  const project = join(fixture.temporary, folder, "projects", "smoke-one");
  expect(await Bun.file(join(project, "index.ts")).exists()).toBe(true);
});

test("a file that is not a package is refused", async () => {
  await using fixture = await Fixture.open({ one: LIBRARY });
  await Bun.write(fixture.path("other.tgz"), "not a tarball");
  const { code, stderr } = await fixture.run(["--package", fixture.path("other.tgz")]);
  expect(code).toBe(1);
  expect(stderr).toContain("other.tgz cannot be read as create-bunyard");
  expect(await fixture.left()).toEqual([]);
});

test("wrong usage exits with 2, explains how to correct it, and leaves no file", async () => {
  await using fixture = await Fixture.open({ one: LIBRARY });
  const attempts = [
    [["--template", "two"], "There is no starter two. The starters are: one."],
    [["--tempalte", "one"], "--tempalte"],
    [["one"], "one"],
  ] as const;
  for (const [args, message] of attempts) {
    const { code, stdout, stderr } = await fixture.run(args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
    expect(stderr).toContain(message);
  }
  expect(await fixture.left()).toEqual([]);
});

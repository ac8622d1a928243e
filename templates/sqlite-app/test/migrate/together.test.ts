// Several processes migrate at the same time: each migration is applied once, and no process fails.
import { expect, test } from "bun:test";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const PROCESSES = 8;

test(
  `${PROCESSES} processes migrate one database, and each migration is applied once`,
  async () => {
    using project = new Project();
    project.write("0001_log", "CREATE TABLE log (migration TEXT) STRICT;", "DROP TABLE log;");
    for (const version of [2, 3, 4]) {
      project.write(`000${version}_step`, `INSERT INTO log VALUES ('${version}');`, "SELECT 1;");
    }
    const runs = await Promise.all(
      Array.from({ length: PROCESSES }, () => project.db("up", "--json")),
    );
    expect(runs.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      runs.map(() => ({ exitCode: 0, stderr: "" })),
    );
    const results = runs.flatMap(
      ({ json }) => json().done as { migration: string; result: string }[],
    );
    const done = results
      .filter(({ result }) => result === "done")
      .map(({ migration }) => migration);
    expect(done.sort()).toEqual(["0001_log", "0002_step", "0003_step", "0004_step"]);
    expect(project.query("SELECT migration FROM log ORDER BY rowid")).toEqual([
      { migration: "2" },
      { migration: "3" },
      { migration: "4" },
    ]);
  },
  PROCESS_TIMEOUT,
);

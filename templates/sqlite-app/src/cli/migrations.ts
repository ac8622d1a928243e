// The commands that change or show the schema.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Finding, MigrateError } from "../migrate/errors.ts";
import { formatVersion, readFolder } from "../migrate/files.ts";
import * as migrate from "../migrate/index.ts";
import { planRenumbering, renameFiles } from "../migrate/renumber.ts";
import { ENGINES, type Engine } from "../migrate/sql.ts";
import { type LedgerRow, unfinishedDirection } from "../migrate/state.ts";
import type { Command, Report } from "./command.ts";

export const status: Command = {
  summary: "Show applied and pending migrations",
  async run({ migrator }) {
    const { ledger, pending, findings } = await migrate.inspect(migrator);
    const finished = ledger.filter((row) => row.finished);
    const started = new Set(ledger.map(({ version }) => version));
    const notStarted = pending.filter(({ version }) => !started.has(version));
    const text = [
      ...ledger.map((row) => `${stateOf(row)}  ${row.name}  ${row.applied_at}`),
      ...notStarted.map(({ name }) => `pending  ${name}`),
      ...problems(findings),
      `${finished.length} applied, ${pending.length} pending`,
    ].join("\n");
    const data = { applied: ledger, pending: pending.map(({ name }) => name), findings };
    return { exitCode: findings.length > 0 ? 3 : 0, data, text };
  },
};

function stateOf(row: LedgerRow): string {
  if (row.finished) return row.origin === "baseline" ? "baseline" : "applied";
  return unfinishedDirection(row) === "down" ? "reverting" : "applying";
}

export const up: Command = {
  summary: "Apply pending migrations, all or up to a version",
  options: ["to"],
  run: async ({ migrator, to }) => describe(await migrate.migrateUp(migrator, to), "up"),
};

export const down: Command = {
  summary: "Revert the last migration, or the last n",
  options: ["steps"],
  run: async ({ migrator, steps }) => describe(await migrate.migrateDown(migrator, steps), "down"),
};

export const validate: Command = {
  summary: "Check files, ledger and foreign keys; exit code 3 if there is a problem",
  async run({ migrator }) {
    const { folder, findings } = await migrate.inspect(migrator);
    const orphans = await migrator.target.findOrphans();
    const text = `migrations read: ${folder.migrations.length}`;
    return reportFindings([...findings, ...orphans], {}, text);
  },
};

export const repair: Command = {
  summary: "Accept applied files that were changed or renamed since",
  async run({ migrator }) {
    const { repaired, findings } = await migrate.repair(migrator);
    const text = repaired.length > 0 ? `repaired  ${repaired.join(", ")}` : "nothing to repair";
    return reportFindings(findings, { repaired }, text);
  },
};

export const baseline: Command = {
  summary: "Record migrations as applied, for a database created without them",
  options: ["to"],
  async run({ migrator, to }) {
    const { recorded, own } = await migrate.baseline(migrator, to);
    const lines = [
      `recorded  ${recorded.join(", ")}`,
      ...own.map((object) => `own       ${object}`),
    ];
    return { exitCode: 0, data: { recorded, own }, text: lines.join("\n") };
  },
};

export const newMigration: Command = {
  summary: "Create the files of the next migration, for each engine",
  argument: "<name>",
  async run({ migrator: { directory }, env, argument }) {
    const name = argument
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join("_");
    if (name === undefined)
      throw new MigrateError("usage", `"${argument}" contains no letter from a to z and no digit.`);
    // Creates the folder of the engine in use. An engine without a folder gets no migrations.
    await mkdir(directory, { recursive: true });
    const engines = ENGINES.filter((engine) => existsSync(join(env.MIGRATIONS_DIR, engine)));
    const files: string[] = [];
    for (const engine of engines) {
      files.push(...(await writePair(join(env.MIGRATIONS_DIR, engine), engine, name)));
    }
    const text = files.map((file) => `wrote  ${file}`).join("\n");
    return { exitCode: 0, data: { files }, text };
  },
};

const NEW_UP =
  "-- Replace this line with the SQL before the next `up` or start: both apply the file.\n";
const NEW_DOWN = "-- Write the SQL that reverts it, or delete this file if that is impossible.\n";

async function writePair(directory: string, engine: Engine, name: string): Promise<string[]> {
  const { migrations } = await readFolder(directory, engine);
  const version = formatVersion((migrations.at(-1)?.version ?? 0) + 1);
  const base = join(directory, `${version}_${name}`);
  const [up, down] = [`${base}.up.sql`, `${base}.down.sql`] as const;
  // The down file first, because its name is longer: if the name is too long, no file is created.
  await writeFile(down, NEW_DOWN, { flag: "wx" });
  await writeFile(up, NEW_UP, { flag: "wx" });
  return [up, down];
}

export const renumber: Command = {
  summary: "Give unapplied migrations the next numbers, `name` the highest of them",
  argument: "[name]",
  async run({ migrator, env, argument }) {
    const { folder, ledger } = await migrate.inspect(migrator);
    const renamings = planRenumbering(folder, ledger, argument || undefined);
    const directories = ENGINES.map((engine) => join(env.MIGRATIONS_DIR, engine));
    renameFiles(directories, renamings);
    const lines = renamings.map(({ from, to }) => `renamed  ${from} to ${to}`);
    const text = lines.length > 0 ? lines.join("\n") : "nothing to renumber";
    return { exitCode: 0, data: { renamed: renamings }, text };
  },
};

const RESULTS = { done: "done   ", alreadyApplied: "skipped" } as const;
const VERBS = { up: "applied", down: "reverted" } as const;

function describe(outcome: migrate.Outcome, command: "up" | "down"): Report {
  const { done, failed, notRun, backup } = outcome;
  const count = done.filter(({ result }) => result === "done").length;
  let summary = `${count} ${VERBS[command]}`;
  if (failed) {
    summary += failed.rolledBack
      ? "; the failed one was rolled back"
      : `; the failed one ran outside a transaction, and the next \`${command}\` runs it again`;
  }
  const lines = [
    ...(backup ? [`backup   ${backup}`] : []),
    ...done.map(({ migration, result, ms }) => `${RESULTS[result]}  ${migration}  ${ms} ms`),
    ...(failed ? [`failed   ${failed.migration}: ${failed.message}`] : []),
    ...notRun.map((name) => `not run  ${name}`),
    summary,
  ];
  return { exitCode: failed ? 1 : 0, data: { ...outcome }, text: lines.join("\n") };
}

function reportFindings(findings: readonly Finding[], data: Report["data"], text: string): Report {
  const lines = findings.length > 0 ? [text, ...problems(findings)] : [text, "no problems"];
  const exitCode = findings.length > 0 ? 3 : 0;
  return { exitCode, data: { ...data, findings }, text: lines.join("\n") };
}

function problems(findings: readonly Finding[]): string[] {
  return findings.map(({ message }) => `problem  ${message}`);
}

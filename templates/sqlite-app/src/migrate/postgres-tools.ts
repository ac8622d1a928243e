// Backup, restore and dump on PostgreSQL, by its own programs: they know every kind of object.
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { flush, flushNames } from "./backup.ts";
import { MigrateError } from "./errors.ts";
import type { Migration } from "./files.ts";
import { compare, type LedgerRow } from "./state.ts";

/** Backs up with `pg_dump`, which reads one snapshot while others write. @returns the size in bytes. */
export async function dumpTo(url: string, file: string): Promise<number> {
  if (existsSync(file)) {
    throw new MigrateError("failed", `${file} exists already. Nothing was written.`);
  }
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    await run(url, [
      "pg_dump",
      "--format=custom",
      "--no-owner",
      "--no-privileges",
      `--file=${temporary}`,
    ]);
    await run(url, ["pg_restore", "--list", temporary]);
    flush(temporary);
    renameSync(temporary, file);
    flushNames(dirname(file));
    return statSync(file).size;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Checks the backup, then replaces the schema `public` in one transaction. */
export async function restoreFrom(
  url: string,
  file: string,
  known: readonly Migration[],
): Promise<void> {
  const refuse = (reason: string): never => {
    throw new MigrateError("refused", `Can't restore ${file}; nothing was changed: ${reason}`);
  };
  if (!existsSync(file)) refuse("it does not exist.");
  const ledger = await readLedger(url, file).catch((error: Error) => refuse(error.message));
  if (ledger.length === 0)
    refuse("it records no migration, so it is not a backup of this application.");
  const state = { ledger, tables: 1, foreign: false };
  const [finding] = compare({ migrations: known, findings: [] }, state).findings;
  if (finding) refuse(finding.message);
  const script = `${file}.${crypto.randomUUID()}.sql`;
  try {
    await run(url, ["pg_restore", "--no-owner", "--no-privileges", `--file=${script}`, file]);
    const fresh = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;";
    await run(url, [
      "psql",
      "--no-psqlrc",
      "--quiet",
      "--single-transaction",
      "--set=ON_ERROR_STOP=1",
      `--command=${fresh}`,
      `--file=${script}`,
    ]);
  } finally {
    rmSync(script, { force: true });
  }
}

/** The schema as SQL, without the lines that differ between two dumps of one schema. */
export async function dumpSchema(url: string): Promise<string> {
  const options = [
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--exclude-table=schema_migrations",
  ];
  const sql = await run(url, ["pg_dump", ...options]);
  return sql.replaceAll(/^(?:--.*|\\(?:un)?restrict .*)\n/gm, "").replaceAll(/\n{3,}/g, "\n\n");
}

/** The ledger in a backup: `COPY … (columns) FROM stdin;`, then one line per row, then `\.`. */
async function readLedger(url: string, file: string): Promise<LedgerRow[]> {
  const table = ["--data-only", "--table=schema_migrations", "--file=-"];
  const text = await run(url, ["pg_restore", ...table, file]);
  const [, columns = "", rows = ""] =
    /^COPY .*\((.*)\) FROM stdin;\n([\s\S]*?)^\\\.$/m.exec(text) ?? [];
  const names = columns.split(", ");
  return rows
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => Object.fromEntries(row.split("\t").map((value, i) => [names[i] ?? "", value])))
    .map(({ version, name = "", checksum = "", applied_at = "" }) => ({
      version: Number(version),
      name,
      checksum,
      applied_at,
      duration_ms: 0,
      origin: "up",
    }));
}

/** Runs a program on the database. The password is in its environment, which other users cannot read. */
async function run(url: string, [program = "", ...args]: readonly string[]): Promise<string> {
  const path = Bun.which(program);
  if (path === null) {
    throw new MigrateError("failed", `${program} is not installed.`, {
      hint: "Install the client programs of PostgreSQL, or use the backups of your provider.",
    });
  }
  const child = Bun.spawn([path, ...args], {
    env: { ...process.env, ...connectionOf(url) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) === 0) return stdout;
  throw new MigrateError("failed", stderr.trim() || `${program} failed.`);
}

function connectionOf(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const sslmode = searchParams.get("sslmode");
  return {
    PGHOST: hostname.replace(/^\[(.*)\]$/, "$1"), // The brackets of IPv6 are part of the URL only.
    PGPORT: port || "5432",
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    ...(sslmode === null ? {} : { PGSSLMODE: sslmode }),
  };
}

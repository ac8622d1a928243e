// Reads the migration files of one engine, with their checksums, and says what is wrong with their names.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Finding, MigrateError } from "./errors.ts";
import { type Engine, forbidden } from "./sql.ts";

export interface Migration {
  readonly version: number;
  /** File name without the ending, e.g. `0001_users`. */
  readonly name: string;
  /** SHA-256 of the up file, in hexadecimal digits. */
  readonly checksum: string;
  readonly up: string;
  /** Undefined if the migration can't be taken back. */
  readonly down: string | undefined;
}

export interface Folder {
  readonly migrations: readonly Migration[];
  readonly findings: readonly Finding[];
}

const FILE_NAME = /^(\d{4,})_[a-z0-9]+(?:_[a-z0-9]+)*\.(up|down)\.sql$/;

/** @throws {MigrateError} when the folder can't be read. */
export async function readFolder(directory: string, engine: Engine): Promise<Folder> {
  const names = await readdir(directory).catch((cause) => {
    throw new MigrateError("failed", `The migrations in ${directory} can't be read.`, { cause });
  });
  const sql = names.filter((name) => name.endsWith(".sql")).sort();
  const ups = sql.filter((name) => FILE_NAME.test(name) && name.endsWith(".up.sql"));
  const read = async (name: string): Promise<Migration> => {
    const base = name.slice(0, -".up.sql".length);
    const down = `${base}.down.sql`;
    const up = await readSql(join(directory, name));
    return {
      version: Number.parseInt(base, 10),
      name: base,
      checksum: checksum(up),
      up,
      down: sql.includes(down) ? await readSql(join(directory, down)) : undefined,
    };
  };
  const migrations = (await Promise.all(ups.map(read))).sort((a, b) => a.version - b.version);
  const findings = [
    ...badNames(sql),
    ...sequence(migrations),
    ...migrations.flatMap((migration) => ownTransactions(migration, engine)),
  ];
  return { migrations, findings };
}

/**
 * The text of a file with LF line ends and no byte order mark. Both the checksum and what is executed are made
 * from it, so a checkout with CRLF on Windows is neither "changed" nor another migration.
 */
async function readSql(path: string): Promise<string> {
  return (await Bun.file(path).text()).replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
}

function checksum(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

function badNames(names: readonly string[]): Finding[] {
  return names.flatMap((name): Finding[] => {
    if (!FILE_NAME.test(name)) {
      const message = `${name}: the name must look like 0001_name.up.sql or 0001_name.down.sql.`;
      return [{ code: "bad-name", subject: name, message }];
    }
    const up = name.replace(/\.down\.sql$/, ".up.sql");
    if (names.includes(up)) return [];
    return [{ code: "no-up", subject: name, message: `${name}: there is no ${up}.` }];
  });
}

/** Versions count up by one: two files of one number, or a number without a file, were merged badly. */
function sequence(migrations: readonly Migration[]): Finding[] {
  return migrations.flatMap(({ version, name }, index): Finding[] => {
    const before = migrations[index - 1];
    if (before?.version === version) {
      const message = `${name}: ${before.name} has the same number. Renumber the one that is not applied.`;
      return [{ code: "duplicate", subject: name, message }];
    }
    const expected = (before?.version ?? 0) + 1;
    if (version === expected) return [];
    const message = `${name}: number ${number(expected)} is missing before it.`;
    return [{ code: "gap", subject: name, message }];
  });
}

function ownTransactions({ name, up, down }: Migration, engine: Engine): Finding[] {
  const files = [
    { file: `${name}.up.sql`, sql: up },
    { file: `${name}.down.sql`, sql: down ?? "" },
  ];
  return files.flatMap(({ file, sql }): Finding[] =>
    forbidden(sql, engine).map((statement) => ({
      code: "statement",
      subject: file,
      message: `${file}: ${statement} can't be in a migration: each one already runs in a transaction with its ledger row.`,
    })),
  );
}

/** A version as it is written in file names. */
export function number(version: number): string {
  return String(version).padStart(4, "0");
}

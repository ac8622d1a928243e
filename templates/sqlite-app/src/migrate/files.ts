// Reads the migration files of one engine with their checksums, and checks their names and statements.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Finding, MigrateError } from "./errors.ts";
import { type Engine, forbidden } from "./sql.ts";

export interface Migration {
  readonly version: number;
  /** File name without its extension, e.g. `0001_users`. */
  readonly name: string;
  /** SHA-256 of the up file, in hexadecimal digits. */
  readonly checksum: string;
  readonly up: string;
  /** Undefined if the migration cannot be reverted. */
  readonly down: string | undefined;
}

export interface Folder {
  readonly migrations: readonly Migration[];
  readonly findings: readonly Finding[];
}

const FILE_NAME = /^(\d{4,})_[a-z0-9]+(?:_[a-z0-9]+)*\.(up|down)\.sql$/;

/** @throws {MigrateError} if the folder cannot be read. */
export async function readFolder(directory: string, engine: Engine): Promise<Folder> {
  const names = await readdir(directory).catch((cause) => {
    throw new MigrateError("failed", `Can't read the migrations in ${directory}.`, { cause });
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
 * The text of a file with LF line ends and without a byte order mark. It is what is hashed and executed, so that
 * a checkout with CRLF line ends on Windows does not count as changed.
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

/** Versions count up by one: a duplicate or a gap is the result of a bad merge. */
function sequence(migrations: readonly Migration[]): Finding[] {
  return migrations.flatMap(({ version, name }, index): Finding[] => {
    const before = migrations[index - 1];
    if (before?.version === version) {
      const message = `${name}: ${before.name} has the same number. Give the next number to the one that is not applied.`;
      return [{ code: "duplicate", subject: name, message }];
    }
    const expected = (before?.version ?? 0) + 1;
    if (version === expected) return [];
    const message = `${name}: number ${formatVersion(expected)} is missing before it.`;
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
      message: `${file}: ${statement} is not allowed in a migration, which already runs in a transaction with its ledger row.`,
    })),
  );
}

/** A version in the format of file names. */
export function formatVersion(version: number): string {
  return String(version).padStart(4, "0");
}

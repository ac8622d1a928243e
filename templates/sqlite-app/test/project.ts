// A temporary database folder with its own migrations, and `bun run db` on it as a child process.
import { Database } from "bun:sqlite";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Folder } from "./folder.ts";
// #region postgres
import { PROGRAMS_PATH } from "./postgres-programs.ts";

// #endregion

/** Timeout in milliseconds of a test with processes, on a loaded machine. */
export const PROCESS_TIMEOUT = 120_000;

const ROOT = join(import.meta.dir, "..");

/** The environment of the child processes, without the variables that configure the service. */
export const BARE: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => /^(?:PATH|SYSTEMROOT|TEMP|TMP)$/i.test(name))
    .map(([name, value]) => [name, value ?? ""]),
);

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The parsed output of `--json`. */
  readonly json: () => Record<string, unknown>;
}

export class Project extends Folder {
  readonly database = this.join("data", "app.db");
  /** Folder of the migrations that are used. */
  readonly migrations: string;
  readonly env: Readonly<Record<string, string>>;

  /** @param source whether to start with the migrations of this project or with none. */
  constructor(
    source: "own" | "none" = "none",
    // #region postgres
    databaseUrl?: string,
    // #endregion
  ) {
    super();
    this.migrations = this.join("migrations", "sqlite");
    // #region postgres
    if (databaseUrl) this.migrations = this.join("migrations", "postgres");
    // #endregion
    this.env = {
      ...BARE,
      DATA_DIR: this.join("data"),
      MIGRATIONS_DIR: this.join("migrations"),
      // #region postgres
      ...(databaseUrl ? { DATABASE_URL: databaseUrl, PATH: PROGRAMS_PATH } : {}),
      // #endregion
    };
    mkdirSync(this.migrations, { recursive: true });
    mkdirSync(this.join("data"));
    if (source === "own")
      cpSync(join(ROOT, "migrations"), this.join("migrations"), { recursive: true });
  }

  /** Writes `name.up.sql` and, if it is given, `name.down.sql`. */
  write(name: string, up: string, down?: string): void {
    writeFileSync(join(this.migrations, `${name}.up.sql`), up);
    if (down !== undefined) writeFileSync(join(this.migrations, `${name}.down.sql`), down);
  }

  /** Writes three valid migrations, each of which creates a table. */
  writeThree(): void {
    for (const [index, name] of ["a", "b", "c"].entries()) {
      this.write(
        `000${index + 1}_${name}`,
        `CREATE TABLE ${name} (x TEXT);`,
        `DROP TABLE ${name};`,
      );
    }
  }

  /** The name of the migration after the last one. */
  next(name: string): string {
    const versions = readdirSync(this.migrations).map((file) => Number.parseInt(file, 10));
    return `${String(Math.max(0, ...versions) + 1).padStart(4, "0")}_${name}`;
  }

  /** Removes both files of a migration. */
  remove(name: string): void {
    for (const end of ["up", "down"]) {
      rmSync(join(this.migrations, `${name}.${end}.sql`), { force: true });
    }
  }

  spawn(...args: string[]) {
    return Bun.spawn([process.execPath, join(ROOT, "src/db.ts"), ...args], {
      env: this.env,
      cwd: this.path,
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  async db(...args: string[]): Promise<Run> {
    const child = this.spawn(...args);
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { exitCode: await child.exited, stdout, stderr, json: () => JSON.parse(stdout) };
  }

  /** @throws with the output of the command, unless the exit code is 0. */
  async dbOk(...args: string[]): Promise<Run> {
    const run = await this.db(...args);
    if (run.exitCode !== 0) throw new Error(`db ${args.join(" ")}: ${run.stdout}${run.stderr}`);
    return run;
  }

  open(): Database {
    return new Database(this.database, { strict: true, create: true });
  }

  query<T>(sql: string): T[] {
    using database = this.open();
    return database.query<T, []>(sql).all();
  }

  /** Returns every table, index and trigger as SQL. */
  schema(): string[] {
    return this.query<{ sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND sql IS NOT NULL ORDER BY name",
    ).map(({ sql }) => sql);
  }
}

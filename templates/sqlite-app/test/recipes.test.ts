// The recipes of the README, followed step by step in a copy of this project.
import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
// #region postgres
import { SQL } from "bun";
// #endregion
import { Copy } from "./copy.ts";
import { Folder } from "./folder.ts";
// #region postgres
import { onPostgres } from "./postgres.ts";
// #endregion
import { PROCESS_TIMEOUT } from "./project.ts";
import { Service } from "./service.ts";

const ROOT = join(import.meta.dir, "..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

/** Returns the code blocks of a section, as language and text. */
function blocks(section: string): { readonly language: string; readonly text: string }[] {
  const [, after = ""] = readme.split(`### ${section}\n`);
  const [body = ""] = after.split(/^##+ /m);
  return [...body.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```/gm)].map(
    ([, indent = "", language = "", text = ""]) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

/** Tests a recipe, unless the README no longer contains it, or the project has changed too much for it. */
function testRecipe(section: string, applies: boolean, title: string, body: () => Promise<void>) {
  const isTested = applies && blocks(section).length > 0;
  test.skipIf(!isTested)(title, body, 2 * PROCESS_TIMEOUT);
}

const has = (path: string) => existsSync(join(ROOT, path));
const hasUsers = has("src/features/users/sqlite.ts");

testRecipe(
  "Add a table with routes",
  hasUsers && !has("src/features/notes"),
  "add a table with routes",
  async () => {
    using copy = new Copy();
    for (const { language, text } of blocks("Add a table with routes")) {
      await copy.follow({ language, text: affordable(text) });
    }
  },
);

/** Replaces `bun test`, which takes minutes, with the fast test files that list routes, files and migrations. */
function affordable(command: string): string {
  const files = "$(ls test/*.test.ts | grep -vE 'build|recipes|start|transfer')";
  const check = "bun run format && bun run check";
  return command
    .replace(
      /^bun test$/m,
      () => `bun test ${files} test/migrate/own.test.ts test/store/sqlite.test.ts`,
    )
    .replace(check, has("biome.json") ? check : "bun run typecheck");
}

/** Sends requests to the current instances, like a load balancer, until it is stopped. */
class Load {
  readonly #loops: Promise<void>[] = [];
  readonly #users: number[] = [];
  #instances: readonly Service[] = [];
  #isStopped = false;
  /** Number of requests with the expected response. */
  count = 0;

  /** Sends requests to `instances` from now on, and waits for 1000 responses. */
  async serve(...instances: Service[]): Promise<void> {
    this.#instances = instances;
    if (this.#loops.length === 0) {
      for (let i = 0; i < 8; i += 1) this.#loops.push(this.#run());
    }
    const target = this.count + 1000;
    while (this.count < target) await Promise.race([Bun.sleep(20), ...this.#loops]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  /** Every hundredth request signs a user up; the others read a user that any instance may have written. */
  async #run(): Promise<void> {
    for (let i = 0; !this.#isStopped; i += 1) {
      const service = this.#instances[(this.count + i) % this.#instances.length];
      const user = this.#users[(this.count + i) % this.#users.length];
      if (service === undefined) throw new Error("No instance is in service.");
      if (user === undefined || i % 100 === 0) this.#users.push((await service.newUser()).id);
      else {
        const { status, text, json } = await service.send("GET", `/api/users/${user}`);
        if (status !== 200 || json().name !== "Somebody") throw new Error(`${status} ${text}`);
      }
      this.count += 1;
    }
  }
}

/** @param scratch a variable that selects another database, on which the first release is reverted. */
async function renameColumn(
  variables: Readonly<Record<string, string>>,
  scratch: string,
): Promise<void> {
  const steps = blocks("Rename a column without downtime");
  const moves = steps.findIndex(({ text }) => text.startsWith("sed "));
  const contracts = steps.findIndex(({ text }) => text.includes("contract_name"));
  const releases = [
    steps.slice(0, moves),
    steps.slice(moves, contracts),
    steps.slice(contracts),
  ] as const;
  const start = (root: string) =>
    Service.start({ ...variables, MIGRATIONS_DIR: join(root, "migrations") }, undefined, root);
  const load = new Load();
  let previous = { root: ROOT, service: await start(ROOT) };
  await load.serve(previous.service);
  const copies: Copy[] = [];
  for (const release of releases) {
    const copy = new Copy(previous.root);
    copies.push(copy);
    for (const step of release) await copy.follow(step);
    if (copies.length === 1) {
      await copy.run(
        `export ${scratch}; for command in up down up; do bun src/db.ts $command; done`,
      );
    }
    const service = await start(copy.path);
    await load.serve(previous.service, service);
    // A rollback: the previous release starts on the new schema.
    const rolledBack = await start(previous.root);
    await load.serve(service, rolledBack);
    await previous.service.stop();
    await load.serve(service);
    await rolledBack.stop();
    previous = { root: copy.path, service };
  }
  await load.stop();
  await previous.service.stop();
  for (const copy of copies) copy[Symbol.dispose]();
  expect(load.count).toBeGreaterThanOrEqual(10_000);
}

const hasName =
  hasUsers && readFileSync(join(ROOT, "src/features/users/sqlite.ts"), "utf8").includes("u.name");

testRecipe(
  "Rename a column without downtime",
  hasName,
  "rename a column: two releases serve one database under load during each deploy, and the old one starts again",
  async () => {
    using data = new Folder();
    await renameColumn({ DATA_DIR: data.path }, "DATA_DIR=data");
  },
);

// #region postgres
onPostgres((newDatabase) => {
  testRecipe("Rename a column without downtime", hasName, "rename a column, under load", async () =>
    renameColumn({ DATABASE_URL: await newDatabase() }, `DATABASE_URL=${await newDatabase()}`),
  );
});
// #endregion

/** The script, and a backup that is old enough to be deleted. */
class NightlyBackup extends Copy {
  /** Entries of the copied project before the script runs. */
  readonly before = readdirSync(this.path);
  readonly old = this.join("data/backups/old.backup");

  /** @param variables of the service, for `.env` */
  static async prepare(variables: string): Promise<NightlyBackup> {
    const copy = new NightlyBackup();
    for (const block of blocks("A backup every night")) await copy.follow(block);
    writeFileSync(copy.join(".env"), variables);
    await copy.run("bun dist/db.js up");
    mkdirSync(copy.join("data/backups"), { recursive: true });
    writeFileSync(copy.old, "");
    const age = Date.now() / 1000 - 16 * 24 * 3600;
    utimesSync(copy.old, age, age);
    return copy;
  }

  /** Runs the script like cron: from another folder, and without the variables, which are in `.env`. */
  script(env = ""): Promise<unknown> {
    return this.run(`cd / && env -i PATH="$PATH" ${env} sh ${this.join("ops/backup.sh")}`);
  }

  /** Expects that the script fails with `reason` and keeps the old backup, which may be the only valid one. */
  async failsWith(reason: string, env?: string): Promise<void> {
    const failure = await this.script(env).catch((error: Error) => error);
    expect(String(failure)).toContain(reason);
    expect(existsSync(this.old)).toBe(true);
  }
}

/** @param missing a variable that selects a database that does not exist, and the error of the backup. */
async function backUp(variables: string, missing: readonly [string, string]): Promise<void> {
  using copy = await NightlyBackup.prepare(variables);
  const [variable, reason] = missing;
  await copy.failsWith(reason, variable);
  // Without a folder for temporary files the drill fails.
  await copy.failsWith("/does/not/exist", "TMPDIR=/does/not/exist");
  for (const name of readdirSync(copy.join("data/backups"))) {
    if (name !== "old.backup") rmSync(copy.join("data/backups", name));
  }
  await copy.script();
  expect(existsSync(copy.old)).toBe(false);
  expect(readdirSync(copy.join("data/backups"))).toHaveLength(1);
  // Backups contain password hashes, so they belong in `data/`, which is ignored.
  const added = readdirSync(copy.path).filter((name) => !copy.before.includes(name));
  expect(added.toSorted()).toEqual([".env", "data", "dist", "ops"]);
}

const hasBackup = has("ops/backup.sh");

testRecipe("A backup every night", !hasBackup, "a backup every night", () =>
  backUp("DATA_DIR=./data/live\n", ["DATA_DIR=/does/not/exist", "There is no database"]),
);

// #region postgres
onPostgres((newDatabase) => {
  const canDump = Bun.which("pg_dump") !== null;
  testRecipe("A backup every night", !hasBackup && canDump, "a backup every night", async () => {
    const url = await newDatabase();
    const missing = `DATABASE_URL=${url}_missing`;
    await backUp(`DATABASE_URL=${url}\n`, [missing, "does not exist"]);
  });

  testRecipe(
    "A backup every night",
    !hasBackup && canDump,
    "a backup that cannot be verified is a failure, and no old one is deleted",
    async () => {
      const url = new URL(await newDatabase());
      await using sql = new SQL(url.href, { max: 1 });
      const role = `sqlite_app_${crypto.randomUUID().replaceAll("-", "")}`;
      await sql.unsafe(`CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role}`);
      url.username = role;
      try {
        using copy = await NightlyBackup.prepare(`DATABASE_URL=${url.href}\n`);
        await copy.failsWith("The backup is not verified");
      } finally {
        await sql.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    },
  );
});
// #endregion

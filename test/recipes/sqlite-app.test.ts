// The recipes of sqlite-app's README: each is followed block by block in a created project, whose own tests must still pass.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { SQL } from "bun";
import { COMMAND_TIMEOUT, shell } from "../contract/command.ts";
import { type Project, projectOf } from "../contract/project.ts";
import { type Block, blocksOf, follow, followBlock } from "./recipe.ts";
import { formatsAndChecks, openStarter, run } from "./starter.ts";

const { create, folder, withoutFeatures } = await openStarter("sqlite-app");
const variants = [
  ["with every feature", []],
  ["without its features", withoutFeatures],
] as const;

const { DATABASE_URL = "" } = process.env;
const NEEDS_PG_DUMP = true;
const databases: string[] = [];

async function administrate(statement: string): Promise<void> {
  await using sql = new SQL(DATABASE_URL, { max: 1 });
  await sql.unsafe(statement);
}

/** Creates an empty PostgreSQL database, which is dropped after the tests. @returns its URL */
async function createDatabase(): Promise<string> {
  const name = `bunyard_recipes_${crypto.randomUUID().replaceAll("-", "")}`;
  await administrate(`CREATE DATABASE ${name}`);
  databases.push(name);
  const url = new URL(DATABASE_URL);
  url.pathname = `/${name}`;
  return url.href;
}

afterAll(async () => {
  for (const name of databases) await administrate(`DROP DATABASE ${name} WITH (FORCE)`);
});

/** A test on PostgreSQL. @param needsPgDump whether it writes a backup */
function postgresTest(title: string, body: () => Promise<void>, needsPgDump = false): void {
  const lacking = [
    ...(DATABASE_URL ? [] : ["set DATABASE_URL"]),
    ...(needsPgDump && !Bun.which("pg_dump") ? ["no pg_dump"] : []),
  ];
  const suffix = lacking.length > 0 ? ` (${lacking.join(", ")})` : "";
  test.skipIf(lacking.length > 0)(`${title}, on PostgreSQL${suffix}`, body, COMMAND_TIMEOUT);
}

/** Runs a script in a project, and expects that it succeeds. */
async function succeeds(
  { directory }: Project,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { exitCode, output } = await shell(directory, script, variables);
  expect(exitCode, output).toBe(0);
}

/** Replaces `bun test`, which takes minutes, with the quick tests and those of the recipe. */
function withQuickTests({ language, text }: Block): Block {
  const tests = "bun run test:fast\nbun test test/notes.test.ts test/openapi.test.ts";
  return { language, text: text.replace(/^bun test$/m, tests) };
}

describe.each(variants)("a project %s", (title, options) => {
  test(
    "Add a table with routes",
    async () => {
      const project = await create(`table-${title.replaceAll(" ", "-")}`, ...options);
      const blocks = await blocksOf(project, "Add a table with routes");
      expect(blocks.at(-1)?.text).toMatch(/^bun test$/m);
      for (const block of blocks) await followBlock(project, withQuickTests(block));
    },
    COMMAND_TIMEOUT,
  );

  test(
    "Rename a column without downtime: the tests of the stores pass after each release, and the quick tests after the last",
    async () => {
      const project = await create(`rename-${title.replaceAll(" ", "-")}`, ...options);
      for (const release of await releasesOf(project)) {
        for (const block of release) await followBlock(project, block);
        await run(project.directory, "test", "test/migrate/own", "test/store");
      }
      // The last release has the code of the second one, so both are checked here.
      await formatsAndChecks(project);
      await run(project.directory, "run", "test:fast");
    },
    COMMAND_TIMEOUT,
  );
});

postgresTest("Add a table with routes: the store passes its contract", async () => {
  const project = await create("table-postgres");
  const blocks = await blocksOf(project, "Add a table with routes");
  for (const block of blocks.slice(0, -1)) await followBlock(project, block);
  await succeeds(project, "bun test test/store/postgres.test.ts", { DATABASE_URL });
});

/** The blocks of each release of the recipe that renames a column. */
async function releasesOf(project: Project): Promise<readonly (readonly Block[])[]> {
  const blocks = await blocksOf(project, "Rename a column without downtime");
  const moves = blocks.findIndex(({ text }) => text.startsWith("sed "));
  const contracts = blocks.findIndex(({ text }) => text.includes("contract_name"));
  return [blocks.slice(0, moves), blocks.slice(moves, contracts), blocks.slice(contracts)];
}

/** A process of the service, from `test/service.ts` of the project. */
interface Service extends AsyncDisposable {
  newUser(): Promise<{ readonly id: number }>;
  send(
    method: string,
    path: string,
  ): Promise<{
    readonly status: number;
    readonly text: string;
    readonly json: () => { readonly name: string };
  }>;
  stop(): Promise<number>;
}

/** Sends about a thousand requests per second to the current instances, like a load balancer, until it is stopped. */
class Load implements AsyncDisposable {
  readonly #loops: Promise<void>[] = [];
  readonly #users: number[] = [];
  readonly #requests = new Set<Promise<void>>();
  #instances: readonly Service[] = [];
  #isStopped = false;
  /** Number of requests with the expected response. */
  count = 0;

  /** Sends requests to `instances` from now on. Waits for those to other instances, and for 300 responses. */
  async serve(...instances: Service[]): Promise<void> {
    this.#instances = instances;
    const earlier = [...this.#requests];
    if (this.#loops.length === 0) {
      for (let i = 0; i < 8; i += 1) this.#loops.push(this.#run());
    }
    const target = this.count + 300;
    while (this.count < target) await Promise.race([Bun.sleep(20), ...this.#loops]);
    await Promise.all(earlier);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isStopped; i += 1) {
      const request = this.#request(i);
      this.#requests.add(request);
      await request;
      this.#requests.delete(request);
      this.count += 1;
      await Bun.sleep(6);
    }
  }

  /** Every hundredth request signs a user up; the others read a user that any instance may have written. */
  async #request(i: number): Promise<void> {
    const service = this.#instances[(this.count + i) % this.#instances.length];
    const user = this.#users[(this.count + i) % this.#users.length];
    if (service === undefined) throw new Error("No instance is in service.");
    if (user === undefined || i % 100 === 0) this.#users.push((await service.newUser()).id);
    else {
      const { status, text, json } = await service.send("GET", `/api/users/${user}`);
      if (status !== 200 || json().name !== "Somebody") throw new Error(`${status} ${text}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled(this.#loops);
  }
}

/** Copies the files of a project as another release, which uses the same packages. */
async function copyOf(project: Project, name: string): Promise<Project> {
  const directory = join(folder, name);
  const isCopied = (path: string) =>
    !["node_modules", "data"].some((entry) => path === join(project.directory, entry));
  await cp(project.directory, directory, { recursive: true, filter: isCopied });
  await symlink(join(project.directory, "node_modules"), join(directory, "node_modules"));
  return projectOf("sqlite-app", directory);
}

/**
 * Deploys the releases of the recipe under load.
 * @param scratch the variables of another database, on which the first release is reverted
 */
async function renameColumn(
  name: string,
  variables: Readonly<Record<string, string>>,
  scratch: Readonly<Record<string, string>>,
): Promise<void> {
  const original = await create(name);
  const { Service } = await import(join(original.directory, "test/service.ts"));
  await using services = new AsyncDisposableStack();
  await using load = new Load();
  const start = async ({ directory }: Project): Promise<Service> => {
    const MIGRATIONS_DIR = join(directory, "migrations");
    const env = { ...variables, MIGRATIONS_DIR };
    return services.use(await Service.start(env, undefined, directory));
  };
  let previous = { project: original, service: await start(original) };
  await load.serve(previous.service);
  for (const [index, release] of (await releasesOf(original)).entries()) {
    const project = await copyOf(previous.project, `${name}-${index + 1}`);
    for (const block of release) await followBlock(project, block);
    if (index === 0) {
      for (const command of ["up", "down", "up"]) {
        await succeeds(project, `bun src/db.ts ${command}`, scratch);
      }
    }
    const service = await start(project);
    await load.serve(previous.service, service);
    // A rollback: the previous release starts on the new schema.
    const rolledBack = await start(previous.project);
    await load.serve(service, rolledBack);
    await previous.service.stop();
    await load.serve(service);
    await rolledBack.stop();
    previous = { project, service };
  }
  await load.stop();
  expect(load.count).toBeGreaterThanOrEqual(3000);
}

const UNDER_LOAD =
  "Rename a column without downtime: two releases serve one database under load during each deploy, and the old one starts again";

test(
  UNDER_LOAD,
  () => renameColumn("load", { DATA_DIR: join(folder, "load-data") }, { DATA_DIR: "data" }),
  COMMAND_TIMEOUT,
);

postgresTest(UNDER_LOAD, async () => {
  const variables = { DATABASE_URL: await createDatabase() };
  await renameColumn("load-postgres", variables, { DATABASE_URL: await createDatabase() });
});

/** Follows the recipe, and creates the database and a backup that is old enough to be deleted. */
async function prepareBackup(name: string, variables: string, ...options: readonly string[]) {
  const project = await create(name, ...options);
  const path = (file: string) => join(project.directory, file);
  const before = await readdir(project.directory);
  await follow(project, "A backup every night");
  await Bun.write(path(".env"), variables);
  await succeeds(project, "bun dist/db.js up");
  const old = path("data/backups/old.backup");
  await mkdir(path("data/backups"), { recursive: true });
  await Bun.write(old, "");
  const age = Date.now() / 1000 - 16 * 24 * 3600;
  await utimes(old, age, age);

  /** Runs the script like cron: from another folder, and without the variables, which are in `.env`. */
  const runScript = (env = "") =>
    shell("/", `env -i PATH="$PATH" ${env} sh '${path("ops/backup.sh")}'`);

  /** Expects that the script fails with `reason` and keeps the old backup, which may be the only valid one. */
  async function failsWith(reason: string, env?: string): Promise<void> {
    const { exitCode, output } = await runScript(env);
    expect(exitCode, output).not.toBe(0);
    expect(output).toContain(reason);
    expect(existsSync(old)).toBe(true);
  }

  return { project, before, old, path, runScript, failsWith };
}

/** @param missing a variable that selects a database that does not exist, and the error of the backup. */
async function backUp(
  { project, before, old, path, runScript, failsWith }: Awaited<ReturnType<typeof prepareBackup>>,
  missing: readonly [variable: string, reason: string],
): Promise<void> {
  const [variable, reason] = missing;
  await failsWith(reason, variable);
  // Without a folder for temporary files the drill fails.
  await failsWith("/does/not/exist", "TMPDIR=/does/not/exist");
  for (const name of await readdir(path("data/backups"))) {
    if (name !== "old.backup") await rm(path(join("data/backups", name)));
  }
  const { exitCode, output } = await runScript();
  expect(exitCode, output).toBe(0);
  expect(existsSync(old)).toBe(false);
  expect(await readdir(path("data/backups"))).toHaveLength(1);
  // Backups contain password hashes, so they belong in `data/`, which is ignored.
  const added = (await readdir(project.directory)).filter((name) => !before.includes(name));
  expect(added.toSorted()).toEqual([".env", "data", "dist", "ops"]);
}

test.each(variants)(
  "A backup every night, in a project %s",
  async (title, options) => {
    const name = `backup-${title.replaceAll(" ", "-")}`;
    const prepared = await prepareBackup(name, "DATA_DIR=./data/live\n", ...options);
    await backUp(prepared, ["DATA_DIR=/does/not/exist", "There is no database"]);
    const { directory } = prepared.project;
    await run(directory, "run", "lint");
    await run(directory, "test", "test/env.test.ts", "test/readme.test.ts");
  },
  COMMAND_TIMEOUT,
);

postgresTest(
  "A backup every night",
  async () => {
    const url = await createDatabase();
    const prepared = await prepareBackup("backup-postgres", `DATABASE_URL=${url}\n`);
    await backUp(prepared, [`DATABASE_URL=${url}_missing`, "does not exist"]);
  },
  NEEDS_PG_DUMP,
);

postgresTest(
  "A backup every night: a backup that cannot be verified is a failure, and no old one is deleted",
  async () => {
    const url = new URL(await createDatabase());
    await using sql = new SQL(url.href, { max: 1 });
    const role = `bunyard_recipes_${crypto.randomUUID().replaceAll("-", "")}`;
    await sql.unsafe(`CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role}`);
    url.username = role;
    try {
      const { failsWith } = await prepareBackup("backup-role", `DATABASE_URL=${url.href}\n`);
      await failsWith("The backup is not verified");
    } finally {
      await sql.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  },
  NEEDS_PG_DUMP,
);

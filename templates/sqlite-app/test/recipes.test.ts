// The recipes of the README, followed step by step in a copy of this project.
import { expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Folder } from "./folder.ts";
// #region postgres
import { onPostgres } from "./postgres.ts";
// #endregion
import { BARE, PROCESS_TIMEOUT } from "./project.ts";
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

class Copy extends Folder {
  /** @param source the project to copy. */
  constructor(source = ROOT) {
    super();
    for (const name of [
      "src",
      "test",
      "migrations",
      "build.ts",
      "package.json",
      "tsconfig.json",
      "bunfig.toml",
    ]) {
      cpSync(join(source, name), this.join(name), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), this.join("node_modules"));
  }

  async run(command: string): Promise<void> {
    const child = Bun.spawn(["sh", "-euc", command], {
      cwd: this.path,
      env: { ...BARE, HOME: this.path },
      stdout: "pipe",
      stderr: "pipe",
    });
    const output = (await child.stdout.text()) + (await child.stderr.text());
    if ((await child.exited) !== 0) throw new Error(`${command}: ${output}`);
  }

  /** Follows one code block: runs its commands, writes the file that its first comment names, or applies its diff. */
  async follow({ language, text }: { language: string; text: string }): Promise<void> {
    const named = /^(?:\/\/|--|#) ([\w./*-]+\.\w+)/.exec(text)?.[1];
    if (language === "diff") this.#change(text);
    else if (named !== undefined) this.#write(named, text);
    else if (language === "sh") await this.run(text);
  }

  #write(pattern: string, text: string): void {
    const [existing] = new Bun.Glob(pattern).scanSync(this.path);
    const path = this.join(existing ?? pattern);
    mkdirSync(dirname(path), { recursive: true });
    // Keeps the comment with the file name, except before a mark, which must come first.
    writeFileSync(path, text);
  }

  /** Inserts the added lines before the line that follows them. */
  #change(diff: string): void {
    const path = this.join(/^\+\+\+ b\/(.*)$/m.exec(diff)?.[1] ?? "");
    let source = readFileSync(path, "utf8");
    for (const [, added = "", next = ""] of diff.matchAll(/^\+(?!\+\+)(.*)\n (.*)$/gm)) {
      expect(source).toContain(next);
      source = source.replace(next, `${added}\n${next}`);
    }
    writeFileSync(path, source);
  }
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
    for (const block of blocks("Add a table with routes")) {
      // Skips the format and the check. The types and the test already show that the recipe is complete.
      const isLast = block.text.includes("bun run check");
      if (!isLast) await copy.follow(block);
    }
    await copy.run("bun run typecheck && bun test test/notes.test.ts");
  },
);

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

async function renameColumn(variables: Readonly<Record<string, string>>): Promise<void> {
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
    await renameColumn({ DATA_DIR: data.path });
  },
);

// #region postgres
onPostgres((newDatabase) => {
  testRecipe("Rename a column without downtime", hasName, "rename a column, under load", async () =>
    renameColumn({ DATABASE_URL: await newDatabase() }),
  );
});
// #endregion

testRecipe("A backup every night", !has("ops/backup.sh"), "a backup every night", async () => {
  using copy = new Copy();
  for (const block of blocks("A backup every night")) await copy.follow(block);
  await copy.run("bun run build && bun dist/db.js up && sh ops/backup.sh");
  expect(readdirSync(copy.join("backups"))).toHaveLength(1);
});

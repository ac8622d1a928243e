// The commands that read or write data.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Stores } from "../database.ts";
import type { DatabaseEnv } from "../env.ts";
// #region articles
import type { ArticleStore } from "../features/articles/store.ts";
// #endregion
import { IS_BUNDLE, MigrateError, refuseFindings } from "../migrate/errors.ts";
import { readFolder } from "../migrate/files.ts";
import { prepareSchema } from "../migrator.ts";
import type { Command } from "./command.ts";

/** Runs `work` with the stores, if no migration is pending. They are imported here, so that the other commands start faster. */
async function withStores<T>(env: DatabaseEnv, work: (stores: Stores) => Promise<T>): Promise<T> {
  await prepareSchema(env, { migrate: false });
  const { openStores } = await import("../database.ts");
  const stores = openStores(env);
  return work(stores).finally(() => stores.close());
}

export const seed: Command = {
  summary: "Create sample data; safe to repeat",
  async run({ env }) {
    // A shell on a production host often has no NODE_ENV, so the bundle always refuses.
    if (env.NODE_ENV === "production" || IS_BUNDLE) {
      throw new MigrateError(
        "refused",
        "The sample users have a known password, so seed does not run in production or from the bundle.",
      );
    }
    const { SAMPLE_PASSWORD, writeSamples } = await import("../seed.ts");
    const written = await withStores(env, writeSamples);
    const counts = Object.entries(written).map(([what, count]) => `${count} ${what}`);
    const text = `created  ${counts.join(", ")}; the password of each user is "${SAMPLE_PASSWORD}"`;
    return { exitCode: 0, data: written, text };
  },
};

// #region articles
export const reindex: Command = {
  summary: "Rebuild the search index of every article",
  async run({ env }) {
    const indexed = await withStores(env, ({ articles }) => indexAll(articles));
    return { exitCode: 0, data: { articles: indexed }, text: `indexed  articles: ${indexed}` };
  },
};

async function indexAll(articles: ArticleStore): Promise<number> {
  let count = 0;
  let id = await articles.reindexAfter(0);
  for (; id !== undefined; id = await articles.reindexAfter(id)) count += 1;
  return count;
}

// #endregion
export const dump: Command = {
  summary: "Print the schema as SQL",
  async run({ migrator }) {
    const sql = await migrator.target.dump();
    return { exitCode: 0, data: { sql }, text: sql.trimEnd() };
  },
};

export const backup: Command = {
  summary: "Write a copy and verify it; the service may be running",
  argument: "<file>",
  async run({ migrator, argument }) {
    const file = resolve(argument);
    const { bytes, unverified, leftOut } = await migrator.target.backup(file);
    const verified = unverified === undefined;
    const note = verified ? "verified" : `NOT verified: ${unverified}`;
    const lines = [
      `wrote     ${file}  (${bytes} bytes, ${note})`,
      ...leftOut.map((object) => `left out  ${object}, which no migration created`),
    ];
    const data = { file, bytes, verified, unverified: unverified ?? null, leftOut };
    return { exitCode: 0, data, text: lines.join("\n") };
  },
};

export const restore: Command = {
  summary: "Check a backup, then replace the database with it; stop the service first",
  argument: "<file>",
  options: ["yes"],
  async run({ migrator: { target, directory }, argument, confirm }) {
    const file = resolve(argument);
    // Reading a pipe would wait forever.
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new MigrateError("failed", `${file} does not exist, or is not a regular file.`);
    }
    const folder = await readFolder(directory, target.engine);
    refuseFindings(folder.findings);
    const replaced = target.location;
    const kept = (await target.restore(file, folder.migrations, confirm)) ?? null;
    const text = `restored  ${file}\ninto      ${replaced}${kept ? `\nkept      ${kept}` : ""}`;
    return { exitCode: 0, data: { file, replaced, kept }, text };
  },
};

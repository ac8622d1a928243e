// The commands that read or write data.

import { resolve } from "node:path";
import { Metrics } from "#lib/metrics";
import { openStore, prepareSchema } from "../database.ts";
import { MigrateError, refuseFindings } from "../migrate/errors.ts";
import { readFolder } from "../migrate/files.ts";
import { SAMPLE_PASSWORD, writeSamples } from "../seed.ts";
import type { Command } from "./command.ts";

export const seed: Command = {
  summary: "Create sample users and articles; safe to repeat",
  async run({ env }) {
    if (env.NODE_ENV === "production") {
      throw new MigrateError(
        "refused",
        "The sample users have a known password, so seed does not run in production.",
      );
    }
    await prepareSchema(env, { migrate: false });
    const store = openStore(env, new Metrics(false));
    const { users, articles } = await writeSamples(store).finally(() => store.close());
    return {
      exitCode: 0,
      data: { users, articles },
      text: `created  ${users} users, ${articles} articles; the password of each user is "${SAMPLE_PASSWORD}"`,
    };
  },
};

export const dump: Command = {
  summary: "Print the schema as SQL",
  async run({ migrator }) {
    const sql = await migrator.target.dump();
    return { exitCode: 0, data: { sql }, text: sql.trimEnd() };
  },
};

export const backup: Command = {
  summary: "Write a verified copy, also while the service runs",
  argument: "file",
  async run({ migrator, argument }) {
    const file = resolve(argument);
    const bytes = await migrator.target.backup(file);
    return {
      exitCode: 0,
      data: { file, bytes },
      text: `wrote  ${file}  (${bytes} bytes, verified)`,
    };
  },
};

export const restore: Command = {
  summary: "Check a backup, then replace the database with it; stop the service first",
  argument: "file",
  async run({ migrator: { target, directory }, argument }) {
    const file = resolve(argument);
    const folder = await readFolder(directory, target.engine);
    refuseFindings(folder.findings);
    const kept = (await target.restore(file, folder.migrations)) ?? null;
    const text = `restored  ${file}${kept ? `\nkept      ${kept}` : ""}`;
    return { exitCode: 0, data: { file, kept }, text };
  },
};

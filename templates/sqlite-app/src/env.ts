// The variables of this service and of the `db` command. Those of every service, such as HOST, are in #lib/env.
import { join } from "node:path";
import { z } from "zod";
import { clientVariables } from "#lib/client-address";
import { integer, serviceVariables } from "#lib/env";
// #region postgres
import { parsePostgresUrl } from "./postgres-url.ts";
// #endregion

/** The variables that the `db` command needs. */
export const databaseSchema = z.object({
  NODE_ENV: serviceVariables.NODE_ENV,
  /** Folder of `app.db` and of its backups. */
  DATA_DIR: z.string().default("./data"),
  // #region postgres
  /** A PostgreSQL database to use instead of the file. */
  DATABASE_URL: z
    .string()
    .transform((url, context) => {
      try {
        return parsePostgresUrl(url);
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : "is invalid");
        return z.NEVER;
      }
    })
    .optional(),
  // #endregion
  /** Folder with the migrations, in a folder for each engine. */
  MIGRATIONS_DIR: z.string().default(join(import.meta.dir, "..", "migrations")),
});

export const schema = z.object({
  ...serviceVariables,
  ...clientVariables,
  ...databaseSchema.shape,
  /** Apply pending migrations before listening. With false, the service does not start while any are pending. */
  MIGRATE_ON_START: z.stringbool().default(true),
  /** Hours until a token expires. At most 100 years: times are compared as text with four digits of a year. */
  SESSION_TTL_HOURS: integer({ min: 1, max: 876_000 }).default(7 * 24),
  /**
   * Sign-in attempts per minute for one account from one address. One address may make 30 times as many sign-ins and
   * sign-ups in total.
   */
  LOGIN_RATE_LIMIT: integer({ min: 1, max: 1_000_000 }).default(10),
  /** Passwords that are hashed at the same time. Each takes a thread and 19 MiB of memory. */
  PASSWORD_CONCURRENCY: integer({ min: 1, max: 1000 }).default(2),
  /** Passwords that may wait to be hashed; further ones get 503. */
  PASSWORD_QUEUE: integer({ max: 1_000_000 }).default(100),
  // #region transfer
  /** Longest time, in seconds, for an export, or for receiving the body of an import. */
  MAX_TRANSFER_SECONDS: integer({ min: 1, max: 24 * 3600 }).default(15 * 60),
  /** Largest import. On SQLite, the commit of 32 MiB delays other writes for about 10 s. */
  MAX_IMPORT_BYTES: integer({ min: 1 }).default(1024 ** 3),
  // #endregion
});

export type DatabaseEnv = Readonly<z.output<typeof databaseSchema>>;
export type Env = Readonly<z.output<typeof schema>>;

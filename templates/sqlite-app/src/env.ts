// Every variable that the server and the `db` command read, with its default. `.env.example` is held to it by a test.
import { join } from "node:path";
import { z } from "zod";
import { integer, serviceVariables } from "#lib/env";

/** Where the data is: all that the `db` command needs. */
export const databaseSchema = z.object({
  NODE_ENV: serviceVariables.NODE_ENV,
  /** Folder of `app.db` and of its backups. */
  DATA_DIR: z.string().default("./data"),
  /** A PostgreSQL database to use instead of the file. */
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" })
    .optional(),
  /** Folder with `sqlite/` and `postgres/`. */
  MIGRATIONS_DIR: z.string().default(join(import.meta.dir, "..", "migrations")),
});

export const envSchema = z.object({
  ...serviceVariables,
  ...databaseSchema.shape,
  /** Apply pending migrations before the server listens; otherwise it refuses to start while there are any. */
  MIGRATE_ON_START: z.stringbool().default(true),
  /** How long a token is good for. */
  SESSION_TTL_HOURS: integer({ min: 1 }).default(7 * 24),
  /** Sign-in attempts a minute for one account from one address; thirty times as many for one address in all. */
  LOGIN_RATE_LIMIT: integer({ min: 1 }).default(10),
  /** Request header that holds the client's address, e.g. x-real-ip. Set it only behind a proxy that sets it. */
  CLIENT_IP_HEADER: z.string().optional(),
  /** Passwords hashed at the same time; each takes a thread and 19 MiB. */
  PASSWORD_CONCURRENCY: integer({ min: 1 }).default(2),
  /** Passwords that may wait for their turn; beyond it the answer is 503. */
  PASSWORD_QUEUE: integer().default(100),
  /** How long an export or an import may take: each holds one of few places, and an export the log of the database. */
  MAX_TRANSFER_SECONDS: integer({ min: 1, max: 24 * 3600 }).default(15 * 60),
  /** Bytes of one import. */
  MAX_IMPORT_BYTES: integer({ min: 1 }).default(1024 ** 3),
});

export type DatabaseEnv = z.output<typeof databaseSchema>;
export type Env = z.output<typeof envSchema>;

// The variables that this service reads, with their defaults; .env.example shows them all.
import { z } from "zod";
import { integer, serviceVariables } from "#lib/env";
import { origins } from "#lib/origins";

export const schema = z
  .object({
    ...serviceVariables,
    /** Folder of the messages (chat.db), and in development of the session secret. */
    DATA_DIR: z.string().default("./data"),
    /** Signs the session cookies: at least 16 characters, the same on every node. */
    SESSION_SECRET: z.string().min(16, "must have at least 16 characters").optional(),
    /** Comma-separated origins of other web pages that may sign in and connect. */
    ALLOWED_ORIGINS: origins(),
    /** Open connections per process; further ones get 503. */
    MAX_CONNECTIONS: integer({ min: 1 }).default(20_000),
    /** Open connections per user and process; further ones get 429. */
    MAX_CONNECTIONS_PER_USER: integer({ min: 1 }).default(20),
    /** Messages, changes and new names that a user can send in one burst, per process. They are given back evenly over 10 seconds. */
    RATE_LIMIT: integer({ min: 1 }).default(50),
    /** Seconds of silence after which a connection counts as dead. The runtime accepts 8 to 960. */
    IDLE_TIMEOUT_S: integer({ min: 8, max: 960 }).default(30),
    // #region redis
    /** Stores the messages in Redis, so that several nodes share them. */
    REDIS_URL: z.url({ protocol: /^(rediss?|valkeys?|redis\+tls)$/ }).optional(),
    /** Prefix of every Redis key. Braces keep all keys in one slot of a Redis Cluster. */
    REDIS_PREFIX: z.string().default("{chat}"),
    // #endregion
  })
  .refine((env) => env.NODE_ENV !== "production" || env.SESSION_SECRET !== undefined, {
    path: ["SESSION_SECRET"],
    error: "required when NODE_ENV is production",
    // Checked even if another variable is invalid, so that all problems are reported together.
    when: () => true,
  });

export type Env = Readonly<z.output<typeof schema>>;

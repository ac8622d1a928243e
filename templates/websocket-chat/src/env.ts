// The environment that the service understands; `.env.example` documents the same variables.
import { z } from "zod";
import { integer, serviceVariables } from "#lib/env";
import { parseOrigin } from "./origin.ts";

const origins = z
  .string()
  .default("")
  .transform((list) => list.split(",").map((item) => item.trim()))
  .transform((list) => list.filter((item) => item !== ""))
  .refine((list) => list.every((item) => parseOrigin(item) !== undefined), {
    error: "must be origins like https://chat.example, commas between",
  })
  .transform((list): ReadonlySet<string> => new Set(list.map((item) => new URL(item).origin)));

export const envSchema = z
  .object({
    ...serviceVariables,
    /** Folder of the message log, and in development of the session secret. */
    DATA_DIR: z.string().default("./data"),
    /** Signs the session cookies: at least 16 characters, the same on every node. */
    SESSION_SECRET: z.string().min(16, "must have at least 16 characters").optional(),
    /** Pages of these origins may connect, besides the server's own. */
    ALLOWED_ORIGINS: origins,
    /** Open connections of this process; more are refused with 503. */
    MAX_CONNECTIONS: integer({ min: 1 }).default(20_000),
    /** Open connections of one person to this process; more are refused with 429. */
    MAX_CONNECTIONS_PER_USER: integer({ min: 1 }).default(20),
    /** Messages (chat and private) of one person in 10 seconds, over all their connections. */
    RATE_LIMIT: integer({ min: 1 }).default(50),
    /** Seconds without a sign of life after which a connection counts as dead; 8 to 960. */
    IDLE_TIMEOUT_S: integer({ min: 8, max: 960 }).default(30),
    /** Redis for several nodes, e.g. redis://localhost:6379; without it one process and a SQLite file. */
    REDIS_URL: z.url({ protocol: /^(rediss?|valkeys?|redis\+tls)$/ }).optional(),
    /** Start of every Redis key, so that two installations can share one Redis. */
    REDIS_PREFIX: z.string().default("chat"),
  })
  .refine((env) => env.NODE_ENV !== "production" || env.SESSION_SECRET !== undefined, {
    path: ["SESSION_SECRET"],
    error: "required when NODE_ENV is production",
    // Also when another variable is wrong: all problems are told at once.
    when: () => true,
  });

export type Env = Readonly<z.output<typeof envSchema>>;

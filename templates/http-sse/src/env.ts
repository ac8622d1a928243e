// The variables that this service reads, with their defaults; .env.example shows them all.
import { z } from "zod";
import { integer, serviceVariables } from "#lib/env";

/** An origin as browsers send it: scheme, host and port, no path. */
const origin = z
  .string()
  .refine((value) => URL.canParse(value) && new URL(value).origin === value, {
    error: "must be origins such as https://app.example.com, separated by commas",
  });

export const schema = z.object({
  ...serviceVariables,
  /** Folder of the message log and the uploads. */
  DATA_DIR: z.string().default("./data"),
  /** Moves the message log to Redis Streams, so that several instances share it. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Key of the stream in Redis, and prefix of its other keys. */
  REDIS_KEY: z.string().default("messages"),
  /** Messages that the log keeps; older ones are dropped. */
  MESSAGES_KEEP: integer({ min: 1 }).default(100_000),
  /** Milliseconds between the comments that keep a quiet event stream open. */
  HEARTBEAT_MS: integer({ min: 10, max: 120_000 }).default(15_000),
  /** Event streams at a time; one more gets 503. */
  SSE_MAX_CLIENTS: integer().default(10_000),
  /** Bytes that may wait for a slow reader before its stream is closed; it reconnects and resumes. */
  SSE_BUFFER_BYTES: integer({ min: 1 }).default(1024 * 1024),
  /** Requests to /api per minute and client. */
  RATE_LIMIT: integer({ min: 1 }).default(600),
  /** Request header that holds the client's address, e.g. x-real-ip. Set it only behind a proxy that sets it. */
  CLIENT_IP_HEADER: z.string().optional(),
  /** Origins whose pages may call the API, with commas between. */
  CORS_ORIGINS: z
    .string()
    .default("")
    .transform((list) => list.split(",").map((item) => item.trim()))
    .transform((items) => items.filter((item) => item !== ""))
    .pipe(z.array(origin)),
  /** Size of an upload, at the most. */
  MAX_UPLOAD_BYTES: integer({ min: 1 }).default(2 * 1024 ** 3),
  /** Worker threads that analyse uploads; by default one for each core. */
  ANALYSIS_WORKERS: integer({ min: 1 }).default(navigator.hardwareConcurrency),
  /** Analyses that may wait for a worker; one more gets 503. */
  ANALYSIS_QUEUE: integer().default(64),
  /** Milliseconds that one analysis may take. */
  ANALYSIS_TIMEOUT_MS: integer({ min: 1, max: 24 * 60 * 60_000 }).default(60_000),
});

export type Env = Readonly<z.output<typeof schema>>;

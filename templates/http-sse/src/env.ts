// The variables that this service reads, with their defaults; .env.example shows them all.
import { z } from "zod";
import { clientVariables } from "#lib/client-address";
import { integer, serviceVariables } from "#lib/env";
import { origins } from "#lib/origins";
// #region auth
import { allowedPatterns } from "./features/messages/topics.ts";

// #endregion

export const schema = z.object({
  ...serviceVariables,
  ...clientVariables,
  /** Folder of everything that the service stores. */
  DATA_DIR: z.string().default("./data"),
  // #region redis
  /** Stores the messages in Redis, so that several instances share them. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Key of the stream in Redis, and prefix of its other keys. */
  REDIS_KEY: z.string().default("messages"),
  // #endregion
  /** At most this many messages, over all topics together, and at most this many deletions are kept; the oldest are dropped first. */
  MESSAGES_KEEP: integer({ min: 1 }).default(100_000),
  /** Milliseconds between the comments that keep a quiet event stream open. */
  HEARTBEAT_MS: integer({ min: 10, max: 120_000 }).default(15_000),
  /** Concurrent event streams; further ones get 503. */
  SSE_MAX_CLIENTS: integer().default(10_000),
  /** Bytes that may be queued for a slow consumer before it is disconnected. */
  SSE_BUFFER_BYTES: integer({ min: 1 }).default(1024 * 1024),
  /** Requests to /api per minute and client. */
  RATE_LIMIT: integer({ min: 1 }).default(600),
  /** CORS: origins of other web pages that may use the API, separated by commas. */
  CORS_ORIGINS: origins(),
  // #region uploads
  /** Largest upload in bytes. */
  MAX_UPLOAD_BYTES: integer({ min: 1 }).default(2 * 1024 ** 3),
  // #endregion
  // #region jobs
  /** Worker threads that analyse uploads; one per core by default. */
  JOB_WORKERS: integer({ min: 1 }).default(navigator.hardwareConcurrency),
  /** Analyses that may wait for a worker; further ones get 503. */
  JOB_QUEUE: integer().default(64),
  /** Milliseconds that an analysis may take; time in the queue does not count. */
  JOB_TIMEOUT_MS: integer({ min: 1, max: 24 * 60 * 60_000 }).default(60_000),
  // #endregion
  // #region auth
  /** Secret of the tokens (HS256), at least 32 bytes. */
  AUTH_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, "must have at least 32 bytes")
    .optional(),
  /** File or URL of the keys (JSON Web Key Set) of an identity provider, instead of `AUTH_SECRET`. */
  AUTH_JWKS: z.string().optional(),
  /** Required audience (`aud`) of tokens. */
  AUTH_AUDIENCE: z.string().optional(),
  /** Required issuer (`iss`) of tokens. */
  AUTH_ISSUER: z.string().optional(),
  /** Topics and prefixes that can be read without a token, separated by commas. */
  PUBLIC_TOPICS: allowedPatterns.default(["general"]),
  // #endregion
});

export type Env = Readonly<z.output<typeof schema>>;

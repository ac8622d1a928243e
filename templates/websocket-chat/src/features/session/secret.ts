// The secret that signs the session cookies: from the environment, or in development made once and stored.
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RedisConnection } from "#lib/redis";
import type { Env } from "../../env.ts";
import { dataDirError, redisError } from "../chat/store/open.ts";

/**
 * Without `SESSION_SECRET`, the secret is stored where the messages are, so that sessions survive a
 * restart and nodes that share a Redis share their sessions.
 * @throws {StartError} if it cannot be stored.
 */
export async function openSessionSecret(env: Env): Promise<string> {
  const { SESSION_SECRET, DATA_DIR, REDIS_URL: url, REDIS_PREFIX: prefix } = env;
  if (SESSION_SECRET) return SESSION_SECRET;
  try {
    return await (url ? secretInRedis(url, `${prefix}:session-secret`) : secretInFile(DATA_DIR));
  } catch (cause) {
    throw url ? redisError(url, cause) : dataDirError(DATA_DIR, cause);
  }
}

async function secretInRedis(url: string, key: string): Promise<string> {
  const redis = await RedisConnection.open(url);
  try {
    // NX: of several nodes that start together, one makes the secret.
    await redis.send("SET", [key, crypto.randomUUID(), "NX"]);
    return String(await redis.send("GET", [key]));
  } finally {
    redis.close();
  }
}

async function secretInFile(directory: string): Promise<string> {
  const file = join(directory, "session-secret");
  const draft = `${file}.${crypto.randomUUID()}`;
  await mkdir(directory, { recursive: true });
  await writeFile(draft, crypto.randomUUID(), { mode: 0o600 });
  try {
    // Unlike a write, a link is atomic: of several processes that start together, one makes the secret.
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
  return await readFile(file, "utf8");
}

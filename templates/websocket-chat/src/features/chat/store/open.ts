// Opens the store that the environment asks for.
import { join } from "node:path";
import { StartError } from "#lib/service";
import type { Env } from "../../../env.ts";
import { LocalStore } from "./local.ts";
import { RedisStore } from "./redis/redis.ts";
import type { Store } from "./store.ts";

/** Connects to Redis in the background: until it is available, `ready` rejects. @throws {StartError} */
export function openStore({ DATA_DIR, REDIS_URL: url, REDIS_PREFIX: prefix }: Env): Store {
  if (url) return new RedisStore(url, prefix);
  try {
    return new LocalStore(join(DATA_DIR, "chat.db"));
  } catch (cause) {
    throw dataDirError(DATA_DIR, cause);
  }
}

/** Names only the host: the URL may contain a password. */
export function redisError(url: string, error: unknown): StartError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const hint = "Start Redis, or set REDIS_URL to where it runs.";
  return new StartError(`Can't use Redis at ${new URL(url).host} (${cause}).`, hint, { cause });
}

export function dataDirError(directory: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : cause;
  const hint = "Set DATA_DIR to a folder that the service may write.";
  return new StartError(`Can't store data in ${directory} (${reason}).`, hint, { cause });
}

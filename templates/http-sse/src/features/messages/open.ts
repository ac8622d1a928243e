// Opens the message store that the environment asks for.
import { join } from "node:path";
import { StartError } from "#lib/service";
import type { Env } from "../../env.ts";
import { RedisMessages } from "./redis.ts";
import { SqliteMessages } from "./sqlite.ts";
import type { MessageStore } from "./store.ts";

/** @throws {StartError} if the store cannot be opened. */
export async function openMessageStore(env: Env): Promise<MessageStore> {
  const { DATA_DIR, MESSAGES_KEEP: keep, REDIS_URL: url, REDIS_KEY: key } = env;
  if (url) return RedisMessages.open({ url, key, keep }).catch((error) => refuseRedis(url, error));
  try {
    return new SqliteMessages(join(DATA_DIR, "messages.db"), keep);
  } catch (cause) {
    throw dataDirError(DATA_DIR, cause);
  }
}

/** Names only the host: the URL may contain a password. */
function refuseRedis(url: string, error: unknown): never {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const hint = "Start Redis, or set REDIS_URL to where it runs.";
  throw new StartError(`Can't use Redis at ${new URL(url).host} (${cause}).`, hint, { cause });
}

export function dataDirError(directory: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : cause;
  const hint = "Set DATA_DIR to a folder that the service may write.";
  return new StartError(`Can't store data in ${directory} (${reason}).`, hint, { cause });
}

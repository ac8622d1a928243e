// Opens the message store that the environment asks for.
import { join } from "node:path";
import { StartError } from "#lib/service";
import type { Env } from "../../env.ts";
// #region redis
import { openRedisMessages } from "./redis.ts";
// #endregion
import { SqliteMessages } from "./sqlite.ts";
import type { MessageStore } from "./store.ts";

/** @throws {StartError} if the store cannot be opened. */
export async function openMessageStore(env: Env): Promise<MessageStore> {
  // #region redis
  if (env.REDIS_URL !== undefined) return await openRedisMessages(env.REDIS_URL, env);
  // #endregion
  try {
    return new SqliteMessages(join(env.DATA_DIR, "messages.db"), env.MESSAGES_KEEP);
  } catch (cause) {
    throw dataDirError(env.DATA_DIR, cause);
  }
}

/** @param cause a `StartError`, which already explains itself, is returned as it is. */
export function dataDirError(directory: string, cause: unknown): StartError {
  if (cause instanceof StartError) return cause;
  const reason = cause instanceof Error ? cause.message : cause;
  const hint = "Set DATA_DIR to a folder that the service may write.";
  return new StartError(`Can't store data in ${directory} (${reason}).`, hint, { cause });
}

// Opens the message store that the environment asks for.
import { join } from "node:path";
import { dataDirError } from "#lib/service";
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

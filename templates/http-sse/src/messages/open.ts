// Opens the log of messages where the environment says it is.
import { join } from "node:path";
import type { Env } from "../env.ts";
import type { MessageLog } from "./log.ts";
import { RedisLog } from "./redis.ts";
import { SqliteLog } from "./sqlite.ts";

export async function openLog(env: Env): Promise<MessageLog> {
  const { REDIS_URL: url, REDIS_KEY: key, MESSAGES_KEEP: keep } = env;
  if (url !== undefined) return RedisLog.open({ url, key, keep });
  return new SqliteLog(join(env.DATA_DIR, "messages.db"), keep);
}

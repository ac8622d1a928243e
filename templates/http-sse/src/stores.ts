// Opens what the service stores in; one that cannot be used is told in a line, with what to do about it.
import { join } from "node:path";
import type { Env } from "./env.ts";
import type { Services } from "./group.ts";
import { LogUnavailable } from "./messages/log.ts";
import { RedisLog } from "./messages/redis.ts";
import { SqliteLog } from "./messages/sqlite.ts";
import { UploadStore } from "./uploads/store.ts";

export async function openStores(env: Env): Promise<Pick<Services, "log" | "uploads">> {
  const { DATA_DIR, MESSAGES_KEEP: keep, REDIS_KEY: key, REDIS_URL: url } = env;
  try {
    const log = url
      ? await RedisLog.open({ url, key, keep })
      : new SqliteLog(join(DATA_DIR, "messages.db"), keep);
    const uploads = await UploadStore.open(join(DATA_DIR, "uploads"), env.MAX_UPLOAD_BYTES);
    return { log, uploads };
  } catch (error) {
    const advice = adviceFor(error, env);
    if (advice === undefined) throw error;
    console.error(advice);
    process.exit(1);
  }
}

function adviceFor(error: unknown, { DATA_DIR, REDIS_URL }: Env): string | undefined {
  if (error instanceof LogUnavailable && REDIS_URL) {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    // Not the whole URL: it may hold a password.
    const { host } = new URL(REDIS_URL);
    return `Can't use Redis at ${host} (${reason}): start it, or set REDIS_URL to where it runs.`;
  }
  if (error instanceof Error && "code" in error) {
    return `Can't store in ${DATA_DIR} (${error.message}): set DATA_DIR to a folder that may be written.`;
  }
  return undefined;
}

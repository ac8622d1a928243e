// Opens the stores of the chat (room log, presence, ended sessions) and the bus between the nodes.
import { SQLiteError } from "bun:sqlite";
import { join } from "node:path";
import { Problem, storeUnavailable } from "#lib/http";
import { dataDirError } from "#lib/service";
import type { Env } from "../../env.ts";
// #region redis
import { openRedisStores } from "../redis/stores.ts";
// #endregion
import { type EndedSessions, SqliteEndedSessions } from "../session/ended-sessions.ts";
import { type Bus, type Listener, LocalBus } from "./bus.ts";
import { MemoryPresence } from "./presence/memory.ts";
import type { Presence } from "./presence/presence.ts";
import type { RoomLog } from "./room-log/room-log.ts";
import { SqliteRoomLog } from "./room-log/sqlite.ts";

export interface Stores {
  readonly bus: Bus;
  readonly log: RoomLog;
  readonly presence: Presence;
  readonly endedSessions: EndedSessions;
}

/** @param hub gets what the stores deliver. @throws {StartError} if the data folder cannot be used. */
export function openStores(env: Env, hub: Listener): Stores {
  // #region redis
  if (env.REDIS_URL) return openRedisStores(env.REDIS_URL, env.REDIS_PREFIX, hub);
  // #endregion
  try {
    const log = new SqliteRoomLog(join(env.DATA_DIR, "chat.db"), hub);
    const endedSessions = new SqliteEndedSessions(log.db);
    return { bus: new LocalBus(hub), log, presence: new MemoryPresence(hub), endedSessions };
  } catch (cause) {
    throw dataDirError(env.DATA_DIR, cause);
  }
}

/** Maps an error of a store that is unavailable to a 503, or a 507 if the disk is full. Undefined for a bug. */
export function toProblem(error: unknown): Problem | undefined {
  if (error instanceof SQLiteError) return storeUnavailable(error);
  return error instanceof Problem ? error : undefined;
}

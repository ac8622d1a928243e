// Opens the stores of the chat (room log, presence, ended sessions) and the bus between the nodes.
import { SQLiteError } from "bun:sqlite";
import { join } from "node:path";
import { dataDirError } from "#lib/data-dir";
import { Problem, storeUnavailable } from "#lib/http";
import type { Env } from "../../env.ts";
import { FrameError } from "../../frame-error.ts";
// #region redis
import { openRedisStores } from "../redis/stores.ts";
// #endregion
import { type EndedSessions, SqliteEndedSessions } from "../session/ended-sessions.ts";
import type { Delivery, Listener, Signal } from "./hub.ts";
import { MemoryPresence } from "./presence/memory.ts";
import type { Presence } from "./presence/presence.ts";
import type { RoomLog } from "./room-log/room-log.ts";
import { SqliteRoomLog } from "./room-log/sqlite.ts";

/** Carries frames and signals to every node of the chat. While the nodes cannot be reached, both methods reject with a `Problem`. */
export interface Bus {
  /** Delivers on every node, this one included. */
  publish(delivery: Delivery): Promise<void>;
  /** Sends a signal to every node, this one included. */
  signal(signal: Signal): Promise<void>;
}

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
    const bus: Bus = {
      publish: async (delivery) => hub.deliver(delivery),
      signal: async (signal) => hub.signal(signal),
    };
    return { bus, log, presence: new MemoryPresence(hub), endedSessions };
  } catch (cause) {
    throw dataDirError(env.DATA_DIR, cause);
  }
}

/**
 * Returns a 503 if a store is unavailable, a 507 if the disk is full, and undefined for a bug. A `FrameError` is a 429: the
 * only one that a route throws is `rate_limited`.
 */
export function toProblem(error: unknown): Problem | undefined {
  if (error instanceof FrameError) {
    const detail = "You send too fast: try again in 10 s.";
    return new Problem(429, detail, { headers: { "retry-after": "10" } });
  }
  if (error instanceof SQLiteError) return storeUnavailable(error);
  return error instanceof Problem ? error : undefined;
}

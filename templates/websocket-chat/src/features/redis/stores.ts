// Opens the stores of several nodes: messages, presence, deliveries and ended sessions in one Redis.
import { RedisConnection, redisStartError } from "#lib/redis";
import type { Listener } from "../chat/hub.ts";
import { RedisBus } from "./bus.ts";
import { RedisEndedSessions } from "./ended-sessions.ts";
import { checkData } from "./health.ts";
import { RedisPresence } from "./presence.ts";
import { RedisRoomLog } from "./room-log.ts";

/** Connects in the background: until Redis is available, `ready` rejects. @param prefix of every key. */
export function openRedisStores(url: string, prefix: string, hub: Listener) {
  const redis = RedisConnection.start(url, (client) => checkData(client, prefix));
  const startNewEpochs = (lostId: string) => log.startNewEpochs(lostId);
  const bus = new RedisBus({ url, prefix, redis, hub, startNewEpochs });
  const log = new RedisRoomLog(redis, bus, prefix);
  const endedSessions = new RedisEndedSessions(redis, prefix);
  return { bus, log, presence: new RedisPresence(url, prefix, bus), endedSessions };
}

/** The secret of the sessions that all nodes share, created by the first one. @throws {StartError} */
export async function sharedSecret(url: string, prefix: string): Promise<string> {
  try {
    const redis = await RedisConnection.open(url);
    const key = `${prefix}:session-secret`;
    try {
      // NX: of several nodes that start together, exactly one creates the secret.
      await redis.send("SET", [key, crypto.randomUUID(), "NX"]);
      return String(await redis.send("GET", [key]));
    } finally {
      redis.close();
    }
  } catch (error) {
    throw redisStartError(url, error);
  }
}

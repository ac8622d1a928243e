// Checks Redis: it must run all commands, must not evict keys, and its data must have been written by this release.
import { log } from "#lib/log";
import { Script, type Sender } from "./script.ts";

/** Version of the keys and values. Increase it with a change that an older release cannot read. */
const VERSION = "2";

/**
 * Rejects if Redis has evicted keys since `before`, and may evict more.
 * @param before the result of the previous check.
 * @returns the number to pass to the next check as `before`.
 */
export async function checkHealth(redis: Sender, before?: number): Promise<number | undefined> {
  const info = await readInfo(redis);
  if (info === undefined) return undefined;
  const evicted = Number(/^evicted_keys:(\d+)/m.exec(info)?.[1] ?? 0);
  if (before !== undefined && evicted > before && evicts(info)) {
    throw new Error("Redis has evicted keys of the chat: set its maxmemory-policy to noeviction.");
  }
  // Redis counts from 0 again after a restart or a failover.
  return Math.min(before ?? evicted, evicted);
}

/**
 * Runs first on every connection. Marks new data with the version of this release. Rejects if another release has
 * written the data: nothing may then be read or written.
 */
export async function checkVersion(redis: Sender, prefix: string): Promise<void> {
  // Release 0.1 stored no version, and all offsets in one hash.
  if (await redis.send("EXISTS", [`${prefix}:offsets`])) {
    throw new Error(
      `The keys ${prefix}:* are of release 0.1 and cannot be migrated: delete them, or set REDIS_PREFIX to another prefix.`,
    );
  }
  const key = `${prefix}:version`;
  await redis.send("SET", [key, VERSION, "NX"]);
  const version = await redis.send("GET", [key]);
  if (version === VERSION) return;
  throw new Error(
    `The keys ${prefix}:* have version ${version}, and this release reads ${VERSION}: run the release that wrote them, or set REDIS_PREFIX to another prefix.`,
  );
}

/** `checkVersion` for one connection per process, which also logs a policy that evicts keys. */
export async function checkData(redis: Sender, prefix: string): Promise<void> {
  await checkVersion(redis, prefix);
  const info = await readInfo(redis);
  if (info !== undefined && evicts(info)) {
    log.warn("Redis may evict messages when it is full: set its maxmemory-policy to noeviction.");
  }
}

function evicts(info: string): boolean {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "noeviction";
  return policy !== "noeviction" && !/^maxmemory:0\s*$/m.test(info);
}

/** Undefined if the user of the connection may not ask for it. */
async function readInfo(redis: Sender): Promise<string | undefined> {
  try {
    return String(await redis.send("INFO", []));
  } catch (error) {
    log.debug("INFO of Redis is not available: {error}", { error });
    return undefined;
  }
}

/**
 * Runs every command of the scripts for messages and presence on two temporary keys. Fails if the Redis user lacks a permission, on a
 * replica, if Redis is out of memory, and if a cluster stores the keys on different nodes. Deletes the keys also if
 * it fails.
 * KEYS: the temporary keys.
 */
export const probe = new Script<null>(`
  local a, b = unpack(KEYS)
  local function try(key, command, ...) redis.call(command, key, ...) redis.call('DEL', key) end
  local function run()
    redis.call('TIME')
    -- Run first, because it needs memory: once a script has written, Redis no longer enforces its memory limit.
    redis.call('HSETNX', a, 'f', 1) redis.call('HSET', a, 'f', 1) redis.call('HGET', a, 'f') redis.call('HMGET', a, 'f') redis.call('HEXISTS', a, 'f')
    redis.call('HINCRBY', a, 'f', 1) redis.call('HVALS', a) try(a, 'HDEL', 'f')
    redis.call('RPUSH', a, 'x') redis.call('LLEN', a) redis.call('LSET', a, 0, 'y') redis.call('LRANGE', a, 0, -1) try(a, 'LTRIM', -1, -1)
    redis.call('ZADD', a, 1, 'x') redis.call('ZCARD', a) redis.call('ZREVRANGE', a, 0, 1) redis.call('ZRANGEBYSCORE', a, 0, 1)
    redis.call('ZREM', a, 'y') try(a, 'ZPOPMIN')
    redis.call('SADD', a, 'x') redis.call('SRANDMEMBER', a, 1) redis.call('SCARD', a) try(a, 'SREM', 'x')
    redis.call('XADD', a, 'MAXLEN', '~', 10, '*', 'f', 1) redis.call('XTRIM', a, 'MINID', 0) redis.call('XREVRANGE', a, '+', '-', 'COUNT', 1)
    redis.call('SET', b, 1, 'NX') redis.call('GET', b) redis.call('PEXPIRE', b, 1000)
  end
  local ok, problem = pcall(run)
  redis.call('DEL', a, b)
  if not ok then error(problem) end
`);

// What has to be atomic in Redis, as Lua scripts.
import { createHash } from "node:crypto";

/** A connection to Redis. */
export interface Sender {
  send(command: string, args: string[]): Promise<unknown>;
}

/** A Lua script. It is called by its hash, and its source is sent only if Redis does not have it. */
class Script<Reply> {
  readonly #sha: string;

  constructor(readonly source: string) {
    this.#sha = createHash("sha1").update(source).digest("hex");
  }

  async run(
    redis: Sender,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Reply> {
    const parameters = [String(keys.length), ...keys, ...args.map(String)];
    try {
      return (await redis.send("EVALSHA", [this.#sha, ...parameters])) as Reply;
    } catch (error) {
      // Redis drops its scripts when it restarts, and does not replicate them.
      if (!isUnknownScript(error)) throw error;
      return (await redis.send("EVAL", [this.source, ...parameters])) as Reply;
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.startsWith("NOSCRIPT") || isUnknownScript(error.cause);
}

/** Functions that the scripts below share. */
const COMMON = `
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end
  -- The epoch of the messages. A Redis without one starts a new epoch.
  local function currentEpoch(key, newEpoch)
    redis.call('SETNX', key, newEpoch)
    return redis.call('GET', key)
  end
  local function publish(bus, busLength, topic, frame)
    redis.call('XADD', bus, 'MAXLEN', '~', busLength, '*', 't', topic, 'f', frame)
  end
  -- Removes a user of one node from a room. The removal from the last node is published, except for
  -- the room '', which counts who is online.
  local function leave(prefix, bus, busLength, node, room, id)
    local entry = room .. ' ' .. id
    if redis.call('SREM', prefix .. 'node:' .. node, entry) == 0 then return end
    local count, users = prefix .. 'count:' .. room, prefix .. 'people:' .. room
    if redis.call('HINCRBY', count, id, -1) > 0 then return end
    redis.call('HDEL', count, id)
    local user = redis.call('HGET', users, id)
    redis.call('HDEL', users, id)
    if room == '' or not user then return end
    publish(bus, busLength, 'room:' .. room,
      '{"type":"user-left","room":"' .. room .. '","user":' .. user .. '}')
  end
`;

/**
 * Stores a message and publishes it to all nodes, unless its key is known.
 * KEYS: epoch, offsets, messages, key, bus.
 * ARGV: room, epoch to use if Redis has none, body, messages to retain, TTL of a key and of a room's messages
 * in milliseconds, length of the bus.
 */
export const append = new Script<readonly [room: string, epoch: string, offset: number]>(`${COMMON}
  local epochKey, offsets, messages, key, bus = unpack(KEYS)
  local room, newEpoch, body, keep, keyTtl, messagesTtl, busLength = unpack(ARGV)
  local known = redis.call('HMGET', key, 'room', 'epoch', 'offset')
  if known[1] then return { known[1], known[2], tonumber(known[3]) } end
  local epoch = currentEpoch(epochKey, newEpoch)
  local offset = redis.call('HINCRBY', offsets, room, 1)
  local frame = '{"type":"chat","room":"' .. room .. '","epoch":"' .. epoch
    .. '","offset":' .. offset .. ',' .. body .. '}'
  redis.call('XADD', messages, 'MAXLEN', keep, offset .. '-0', 'f', frame)
  redis.call('PEXPIRE', messages, messagesTtl)
  redis.call('HSET', key, 'room', room, 'epoch', epoch, 'offset', offset)
  redis.call('PEXPIRE', key, keyTtl)
  publish(bus, busLength, 'room:' .. room, frame)
  return { room, epoch, offset }
`);

/** `lastId` is the newest entry of the bus: the reply is the state of the room right after it. */
export type JoinReply = readonly [
  epoch: string,
  offset: number,
  recovered: 0 | 1,
  frames: readonly (readonly [id: string, fields: readonly string[]])[],
  users: readonly string[],
  lastId: string,
];

/**
 * Adds a user of one node to a room, and reads the room. For the room '' it reads nothing.
 * KEYS: epoch, offsets, messages, users, count, entries of the node, nodes, bus.
 * ARGV: room, epoch to use if Redis has none, user id, user, epoch and offset to recover from, messages to
 * return without recovery, length of the bus, node, TTL of a node in milliseconds.
 */
export const join = new Script<JoinReply>(`${COMMON}
  local epochKey, offsets, messages, users, count, entries, nodes, bus = unpack(KEYS)
  local room, newEpoch, id, user, afterEpoch, afterOffset, latest, busLength, node, ttl = unpack(ARGV)
  redis.call('ZADD', nodes, 'NX', now() + ttl, node)
  local isNew = redis.call('SADD', entries, room .. ' ' .. id) == 1 and redis.call('HINCRBY', count, id, 1) == 1
  redis.call('HSET', users, id, user)
  if room == '' then return {} end
  if isNew then
    publish(bus, busLength, 'room:' .. room, '{"type":"user-joined","room":"' .. room .. '","user":' .. user .. '}')
  end
  local epoch = currentEpoch(epochKey, newEpoch)
  local offset = tonumber(redis.call('HGET', offsets, room) or '0')
  local after = tonumber(afterOffset)
  local frames, recovered = {}, 0
  if afterEpoch == epoch and after <= offset then
    frames = redis.call('XRANGE', messages, (after + 1) .. '-0', '+')
    if #frames == offset - after then recovered = 1 end
  end
  if recovered == 0 then
    frames = redis.call('XRANGE', messages, math.max(1, offset - latest + 1) .. '-0', '+')
  end
  local last = redis.call('XREVRANGE', bus, '+', '-', 'COUNT', 1)
  return { epoch, offset, recovered, frames, redis.call('HVALS', users), last[1] and last[1][1] or '0-0' }
`);

/** ARGV: prefix, bus, length of the bus, node, room, user id. */
export const leave = new Script<null>(`${COMMON}
  leave(unpack(ARGV))
`);

/**
 * Starts a new epoch after data loss: otherwise offsets would be assigned twice. The first node to
 * notice the loss does it.
 * KEYS: epoch. ARGV: the lost epoch, the new one.
 */
export const startNewEpoch = new Script<null>(`
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
`);

/**
 * Extends the life of a node, and removes the users of nodes whose TTL has passed.
 * KEYS: nodes, entries of the node, bus. ARGV: prefix, node, TTL in milliseconds (0 to sign off), length of the bus.
 * Returns 0 if the node is not registered: it is new, it had expired, or Redis has lost its data.
 */
export const heartbeat = new Script<0 | 1>(`${COMMON}
  local nodes, entries, bus = unpack(KEYS)
  local prefix, node, ttl, busLength = unpack(ARGV)
  local isRegistered = 1 - redis.call('SADD', entries, '!')
  redis.call('ZADD', nodes, now() + ttl, node)
  for _, expired in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now())) do
    for _, entry in ipairs(redis.call('SMEMBERS', prefix .. 'node:' .. expired)) do
      local room, id = entry:match('^(%S*) (.+)$')
      if room then leave(prefix, bus, busLength, expired, room, id) end
    end
    redis.call('DEL', prefix .. 'node:' .. expired)
    redis.call('ZREM', nodes, expired)
  end
  return isRegistered
`);

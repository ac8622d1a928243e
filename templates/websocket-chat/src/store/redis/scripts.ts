// What has to happen in Redis at once, in Lua. Each node runs these; Redis runs one at a time.
import { createHash } from "node:crypto";
import type { RedisClient } from "bun";

/** A Lua script. It is sent once, and then called by its hash. */
export class Script {
  readonly #sha: string;

  constructor(readonly source: string) {
    this.#sha = createHash("sha1").update(source).digest("hex");
  }

  async run(client: RedisClient, keys: readonly string[], args: readonly (string | number)[]) {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    try {
      return await client.send("EVALSHA", [this.#sha, ...rest]);
    } catch (error) {
      // Redis forgets scripts when it restarts.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.send("EVAL", [this.source, ...rest]);
    }
  }
}

/** Shared by the scripts below: where a room is, and who comes and goes. */
const COMMON = `
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end
  -- The log's epoch; a Redis that has none (any more) begins one.
  local function current(epoch, start)
    redis.call('SETNX', epoch, start)
    return redis.call('GET', epoch)
  end
  local function tell(bus, kept, topic, frame)
    redis.call('XADD', bus, 'MAXLEN', '~', kept, '*', 't', topic, 'f', frame)
  end
  -- One node less where the person is in that place. The last one makes it known, but for 'online'.
  local function leave(prefix, bus, kept, node, place, id)
    local entry = place .. ' ' .. id
    if redis.call('SREM', prefix .. 'node:' .. node, entry) == 0 then return end
    local count, people = prefix .. 'count:' .. place, prefix .. 'people:' .. place
    if redis.call('HINCRBY', count, id, -1) > 0 then return end
    redis.call('HDEL', count, id)
    local person = redis.call('HGET', people, id)
    redis.call('HDEL', people, id)
    if place == '' or not person then return end
    tell(bus, kept, 'room:' .. place,
      '{"type":"user-left","room":"' .. place .. '","user":' .. person .. '}')
  end
`;

/**
 * Stores a message, and tells it to all nodes, unless its key is known.
 * KEYS: epoch, offsets, messages, key, bus.
 * ARGV: room, epoch to start with, body, messages kept, ms a key is kept, ms messages are kept, bus kept.
 * Returns room, epoch, offset.
 */
export const append = new Script(`${COMMON}
  local epoch, offsets, messages, key, bus = unpack(KEYS)
  local room, start, body, kept, keyMs, roomMs, busKept = unpack(ARGV)
  local known = redis.call('HMGET', key, 'room', 'epoch', 'offset')
  if known[1] then return { known[1], known[2], tonumber(known[3]) } end
  epoch = current(epoch, start)
  local offset = redis.call('HINCRBY', offsets, room, 1)
  local frame = '{"type":"chat","room":"' .. room .. '","epoch":"' .. epoch
    .. '","offset":' .. offset .. ',' .. body .. '}'
  redis.call('XADD', messages, 'MAXLEN', kept, offset .. '-0', 'f', frame)
  redis.call('PEXPIRE', messages, roomMs)
  redis.call('HSET', key, 'room', room, 'epoch', epoch, 'offset', offset)
  redis.call('PEXPIRE', key, keyMs)
  tell(bus, busKept, 'room:' .. room, frame)
  return { room, epoch, offset }
`);

/**
 * Puts a person into a place, for one node, and reads it: all at one point of the bus. Place '' is being online.
 * KEYS: epoch, offsets, messages, people, count, entries of the node, nodes, bus.
 * ARGV: place, epoch to start with, id, person, epoch and offset to go on after, latest, bus kept,
 *   node, ms a node lives.
 * Returns epoch, offset, recovered, frames, people, last id of the bus.
 */
export const enter = new Script(`${COMMON}
  local epoch, offsets, messages, people, count, entries, nodes, bus = unpack(KEYS)
  local place, start, id, person, epochAfter, offsetAfter, latest, busKept, node, lives = unpack(ARGV)
  redis.call('ZADD', nodes, 'NX', now() + lives, node)
  local isNew = redis.call('SADD', entries, place .. ' ' .. id) == 1 and redis.call('HINCRBY', count, id, 1) == 1
  redis.call('HSET', people, id, person)
  if place == '' then return {} end
  if isNew then
    tell(bus, busKept, 'room:' .. place, '{"type":"user-joined","room":"' .. place .. '","user":' .. person .. '}')
  end
  epoch = current(epoch, start)
  local offset = tonumber(redis.call('HGET', offsets, place) or '0')
  local after = tonumber(offsetAfter)
  local frames, recovered = {}, 0
  if epochAfter == epoch and after <= offset then
    frames = redis.call('XRANGE', messages, (after + 1) .. '-0', '+')
    if #frames == offset - after then recovered = 1 end
  end
  if recovered == 0 then
    frames = redis.call('XRANGE', messages, math.max(1, offset - latest + 1) .. '-0', '+')
  end
  local last = redis.call('XREVRANGE', bus, '+', '-', 'COUNT', 1)
  return { epoch, offset, recovered, frames, redis.call('HVALS', people), last[1] and last[1][1] or '0-0' }
`);

/**
 * Redis came back with less than it had: offsets would be given twice, so a new epoch begins.
 * KEYS: epoch. ARGV: the epoch until now, the next one. The first node to notice does it.
 */
export const renew = new Script(`
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
`);

/** ARGV: prefix, bus, bus kept, node, place, id. */
export const leave = new Script(`${COMMON}
  leave(unpack(ARGV))
`);

/**
 * A sign of life of a node. The people of nodes that gave none for too long leave, once.
 * KEYS: nodes, entries of the node, bus. ARGV: prefix, node, ms a node lives (0 to sign off), bus kept.
 * Returns 0 if the node's people are not here, because it counted as dead or Redis lost them.
 */
export const beat = new Script(`${COMMON}
  local nodes, entries, bus = unpack(KEYS)
  local prefix, node, lives, busKept = unpack(ARGV)
  local known = 1 - redis.call('SADD', entries, '!')
  redis.call('ZADD', nodes, now() + lives, node)
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now())) do
    for _, entry in ipairs(redis.call('SMEMBERS', prefix .. 'node:' .. dead)) do
      local place, id = entry:match('^(%S*) (.+)$')
      if place then leave(prefix, bus, busKept, dead, place, id) end
    end
    redis.call('DEL', prefix .. 'node:' .. dead)
    redis.call('ZREM', nodes, dead)
  end
  return known
`);

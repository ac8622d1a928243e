// The Lua scripts of the message store in Redis. Each one runs atomically.

/** Names of the keys, in the order in which the scripts receive them. */
const PARTS = [
  "keys",
  "deleted",
  "deletions",
  "floor",
  // #region jobs
  "states",
  // #endregion
] as const;

/**
 * `stream` has the messages and their deletions, `keys` the entry of each idempotency key. `deleted`
 * has the deletion of each deleted message, and `deletions` lists these messages in the order of deletion.
 * `floor` is the highest id that was dropped.
 */
const PRELUDE = `
  local stream, keys, deleted, deletions, floorKey = unpack(KEYS)
  local function parts(id)
    local ms, seq = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(ms), tonumber(seq)
  end
  local function isBefore(a, b)
    local aMs, aSeq = parts(a)
    local bMs, bSeq = parts(b)
    if aMs == bMs then return aSeq < bSeq end
    return aMs < bMs
  end
  local function floor() return redis.call('GET', floorKey) or '0-0' end
  local function raiseFloor(id)
    if isBefore(floor(), id) then redis.call('SET', floorKey, id) end
  end
  -- \`id\` may be nil or false: HGET returns false for a field that does not exist.
  local function entryOf(id) return id and redis.call('XRANGE', stream, id, id)[1] end
  local function field(entry, name)
    for i = 1, #entry[2], 2 do
      if entry[2][i] == name then return entry[2][i + 1] end
    end
  end
  local function forgetKey(entry)
    local key = field(entry, 'key')
    if key then redis.call('HDEL', keys, key) end
  end
  local function add(fields, key)
    if key then
      table.insert(fields, 'key')
      table.insert(fields, key)
    end
    local id = redis.call('XADD', stream, '*', unpack(fields))
    if key then redis.call('HSET', keys, key, id) end
    return {id, fields}
  end
  -- Forgets the oldest deletions whose entries are no longer in the stream: dropped, or removed with redis-cli.
  local function forgetDeletions()
    local id = redis.call('LINDEX', deletions, 0)
    while id and not entryOf(redis.call('HGET', deleted, id)) do
      redis.call('HDEL', deleted, id)
      redis.call('LPOP', deletions)
      id = redis.call('LINDEX', deletions, 0)
    end
  end
  -- Drops the oldest entries until \`keep\` messages are left. At most 100 per call, so that lowering
  -- \`keep\` does not block Redis.
  local function dropOldest(keep)
    local length = redis.call('XLEN', stream)
    local excess = math.min(length - redis.call('LLEN', deletions) - keep, 100)
    if excess <= 0 then return end
    local dropped, from = 0, '-'
    while excess > 0 and dropped < length do
      for _, entry in ipairs(redis.call('XRANGE', stream, from, '+', 'COUNT', excess)) do
        if field(entry, 'event') ~= 'deleted' then excess = excess - 1 end
        forgetKey(entry)
        raiseFloor(entry[1])
        dropped = dropped + 1
        from = '(' .. entry[1]
      end
    end
    redis.call('XTRIM', stream, 'MAXLEN', length - dropped)
    forgetDeletions()
  end
`;

/** ARGV: topic, event, data, messages to retain, idempotency key or ''. */
export const APPEND = `${PRELUDE}
  local topic, event, data, keep, key = unpack(ARGV)
  if key == '' then key = nil end
  -- #region jobs
  -- \`states\` has the states of topics. \`state\` is \`set\`, \`remove\` or '', and \`endKey\` is the idempotency key of the
  -- message that ends the topic, or ''.
  local states, state, endKey = KEYS[6], ARGV[6], ARGV[7]
  local last = entryOf(redis.call('HGET', keys, endKey))
  if last then return {'repeated', last} end
  if state == 'set' then redis.call('HSET', states, topic, data) end
  if state == 'remove' then redis.call('HDEL', states, topic) end
  -- #endregion
  local before = entryOf(key and redis.call('HGET', keys, key))
  if before then return {'repeated', before} end
  local entry = add({'topic', topic, 'event', event, 'data', data}, key)
  dropOldest(tonumber(keep))
  return {'created', entry}`;

/** ARGV: id, deletions to retain. The deletion keeps the idempotency key, so that a repeated request does not add the message again. */
export const DELETE = `${PRELUDE}
  local id, keep = ARGV[1], tonumber(ARGV[2])
  local entry = entryOf(id)
  if not entry or (field(entry, 'event') or 'message') ~= 'message' then return 0 end
  local topic = field(entry, 'topic') or 'general'
  redis.call('XDEL', stream, id)
  local data = cjson.encode({id = id})
  local deletion = add({'topic', topic, 'event', 'deleted', 'data', data}, field(entry, 'key'))
  redis.call('HSET', deleted, id, deletion[1])
  redis.call('RPUSH', deletions, id)
  forgetDeletions()
  while redis.call('LLEN', deletions) > keep do
    local dropped = entryOf(redis.call('HGET', deleted, redis.call('LINDEX', deletions, 0)))
    forgetKey(dropped)
    raiseFloor(dropped[1])
    redis.call('XDEL', stream, dropped[1])
    forgetDeletions()
  end
  return 1`;

/**
 * ARGV: cursor. Returns 1 if a client can continue after it, 0 if messages are missing. The cursor must not be
 * below the floor, and its message must exist or have been deleted: after a crash, Redis may have lost the newest
 * messages.
 */
export const CAN_CONTINUE = `${PRELUDE}
  local cursor = ARGV[1]
  if cursor == floor() then return 1 end
  if isBefore(cursor, floor()) then return 0 end
  return (entryOf(cursor) or entryOf(redis.call('HGET', deleted, cursor))) and 1 or 0`;

/** A key that belongs to a stream. The braces give all of them the same hash slot, which scripts need in a cluster. */
export function keyOf(stream: string, part: string): string {
  return `{${stream}}:${part}`;
}

/** Arguments of EVAL. */
export function evaluate(script: string, stream: string, ...args: readonly string[]): string[] {
  const keys = [stream, ...PARTS.map((part) => keyOf(stream, part))];
  return [script, `${keys.length}`, ...keys, ...args];
}

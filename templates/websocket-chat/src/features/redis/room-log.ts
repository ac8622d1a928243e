// The log of several nodes, in Redis: per room a list of events and the current state of the messages.
import { storeUnavailable } from "#lib/http";
import type { RedisConnection } from "#lib/redis";
import { applyEvent } from "../../apply-event.ts";
import { LIMITS } from "../../limits.ts";
import { type Message, type Position, type RoomEvent, targetOf } from "../../protocol.ts";
import { randomId } from "../../random-id.ts";
import type { Draft, History, RoomLog, Stored } from "../chat/room-log/room-log.ts";
import { BUS_LENGTH, type RedisBus } from "./bus.ts";
import { checkHealth, probe } from "./health.ts";
import { Script } from "./script.ts";

/** Attempts to change a message before the event is refused. The delays between them add up to at most 2 s. */
const ATTEMPTS = 11;

/** The position of an event that has none yet: the script `append` assigns it. */
const NOWHERE: Position = { epoch: "", offset: 0 };

export class RedisRoomLog implements RoomLog {
  #evictedKeys: number | undefined;

  /** @param prefix of every key. */
  constructor(
    readonly redis: RedisConnection,
    readonly bus: RedisBus,
    readonly prefix: string,
  ) {}

  async append(draft: Draft): Promise<Stored> {
    // If another request changes the message between the read and the append, try again after a random delay.
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#tryAppend(draft);
      if (stored) return stored;
      if (attempt === ATTEMPTS) {
        throw storeUnavailable(new Error("Too many users change this message at the same time."));
      }
      await Bun.sleep(Math.random() * 2 ** attempt);
    }
  }

  async read(room: string, after: Position = NOWHERE): Promise<History> {
    const keys = [...this.#roomKeys(room), this.#key("bus")];
    const args = [randomId(), after.epoch, after.offset];
    const [epoch, head, found, entries, lastId] = await read.run(this.redis, keys, args);
    await this.bus.reached(lastId);
    const recovered = found === 1;
    const offset = recovered ? after.offset + entries.length : head;
    return { epoch, offset, recovered, hasMore: offset < head, entries };
  }

  /** Writes. A PING is not enough: a replica, or a server that is out of memory, still responds to it. */
  async ready(): Promise<void> {
    await probe.run(this.redis, [this.#key("probe:a"), this.#key("probe:b")], []);
    if (!this.bus.isReading) throw new Error("Deliveries cannot be read from Redis.");
    await this.bus.reached(await this.bus.newestId());
    this.#evictedKeys = await checkHealth(this.redis, this.#evictedKeys);
  }

  async close(): Promise<void> {
    this.bus.close();
    this.redis.close();
  }

  /** Starts a new epoch in every room. Called when Redis has lost the entry `lostId` of the bus. */
  async startNewEpochs(lostId: string): Promise<void> {
    const [lostAt = ""] = lostId.split("-");
    await replaceGeneration.run(this.redis, [this.#key("generation")], [lostAt, randomId()]);
  }

  async #tryAppend(draft: Draft): Promise<Stored | undefined> {
    const { room } = draft;
    // Encoded, because an id that contains a space could otherwise form the key of another user.
    const key = this.#key(`key:${encodeURIComponent(draft.from.id)} ${draft.key}`);
    const event: RoomEvent = { ...draft, ...NOWHERE };
    const target = targetOf(event);
    const before = target === undefined ? undefined : await this.#message(room, target, key);
    if (before?.stored) return before.stored;
    const message = before?.state ? (JSON.parse(before.state) as Message) : undefined;
    const changed = applyEvent(event, message);
    // A new message gets its offset from the script; one that exists has it already.
    const encode = target === undefined ? encodeFields : JSON.stringify;
    const isDeleted = target !== undefined && changed === undefined;
    const keys = [...this.#roomKeys(room), key, this.#key("bus")];
    const reply = await append.run(this.redis, keys, [
      room,
      randomId(),
      changed === message ? "" : encodeFields(event),
      target ?? "",
      before?.state ?? "",
      changed ? encode(changed) : "",
      ...(isDeleted ? await this.#eventsWithoutText(room, target) : []),
    ]);
    if (!reply) return undefined;
    const [storedRoom, epoch, offset] = reply;
    return { room: storedRoom, epoch, offset };
  }

  /** The state of the message, and where the event is stored if its key is known. */
  async #message(room: string, target: number, key: string) {
    const [state, [storedRoom, epoch, offset]] = (await Promise.all([
      this.redis.send("HGET", [this.#key(`messages:${room}`), `${target}`]),
      this.redis.send("HMGET", [key, "room", "epoch", "offset"]),
    ])) as [string | null, (string | null)[]];
    const stored =
      storedRoom && epoch ? { room: storedRoom, epoch, offset: Number(offset) } : undefined;
    return { state: state ?? "", stored };
  }

  /** The events about a message, as they are stored after it was deleted: pairs of offset and event. */
  async #eventsWithoutText(room: string, target: number): Promise<string[]> {
    const keys = [this.#key(`room:${room}`), this.#key(`events:${room}`)];
    const found: string[] = [];
    for (let after = target - 1; ; ) {
      const events = await findEvents.run(this.redis, keys, [after, target]);
      if (events.length === 0) return found;
      for (const event of events.map((encoded): RoomEvent => JSON.parse(encoded))) {
        after = event.offset;
        if ((targetOf(event) ?? after) !== target) continue;
        found.push(`${after}`, JSON.stringify({ ...event, text: undefined }));
      }
    }
  }

  #roomKeys(room: string): string[] {
    const names = [
      `room:${room}`,
      "generation",
      `events:${room}`,
      `messages:${room}`,
      `order:${room}`,
    ];
    return names.map((name) => this.#key(name));
  }

  #key(name: string): string {
    return `${this.prefix}:${name}`;
  }
}

/** Encodes all fields except for the position, without the opening brace. The script `append` completes the JSON. */
function encodeFields(value: RoomEvent | Message): string {
  return JSON.stringify({ ...value, epoch: undefined, offset: undefined }).slice(1);
}

/**
 * The epoch of a room is `<id of the room>.<generation>`. The id is stored with the room and lost together with it;
 * the generation is shared by all rooms and replaced when Redis has lost data. If the room's key is missing, its
 * remaining events and messages are deleted, because their offsets will be assigned again.
 */
const EPOCH = `
  local function currentEpoch(roomKey, generation, newId, ...)
    if redis.call('HSETNX', roomKey, 'epoch', newId) == 1 then
      redis.call('DEL', ...)
    end
    -- Short, because joins of ever new rooms would fill Redis otherwise. Each join extends it.
    if redis.call('HEXISTS', roomKey, 'offset') == 0 then redis.call('PEXPIRE', roomKey, ${LIMITS.emptyRoomMs}) end
    redis.call('SET', generation, newId, 'NX')
    return redis.call('HGET', roomKey, 'epoch') .. '.' .. redis.call('GET', generation)
  end
`;

/**
 * Stores an event and publishes it to all nodes, unless its idempotency key is known. Returns nil if the message
 * has changed since it was read.
 * KEYS: room, generation, events, messages, order of the messages, key, bus.
 * ARGV: room, id for a new epoch; the event (empty if it changes nothing), without a position; offset of its message
 * (empty for a new one), the message that was read, the changed message (without an offset if new, empty if deleted);
 * then pairs of offset and event that replace older events.
 */
const append = new Script<readonly [room: string, epoch: string, offset: number] | null>(`
  ${EPOCH}
  local roomKey, generation, events, messages, order, key, bus = unpack(KEYS)
  local room, newId, fields, target, before, after = unpack(ARGV, 1, 6)
  local known = redis.call('HMGET', key, 'room', 'epoch', 'offset')
  if known[1] then return { known[1], known[2], tonumber(known[3]) } end
  if target ~= '' and (redis.call('HGET', messages, target) or '') ~= before then return nil end
  local epoch = currentEpoch(roomKey, generation, newId, events, messages, order)
  local offset = tonumber(redis.call('HGET', roomKey, 'offset') or '0')
  if fields ~= '' then
    offset = redis.call('HINCRBY', roomKey, 'offset', 1)
    local event = '{"epoch":"' .. epoch .. '","offset":' .. offset .. ',' .. fields
    redis.call('RPUSH', events, event)
    local keepEvents = ${LIMITS.events}
    if target == '' then
      redis.call('HSET', messages, offset, '{"offset":' .. offset .. ',' .. after)
      redis.call('ZADD', order, offset, offset)
      if redis.call('ZCARD', order) > ${LIMITS.messages} then
        local oldest = redis.call('ZPOPMIN', order)[1]
        redis.call('HDEL', messages, oldest)
        keepEvents = math.min(keepEvents, offset - oldest)
      end
    elseif after == '' then
      redis.call('HDEL', messages, target)
      redis.call('ZREM', order, target)
    else
      redis.call('HSET', messages, target, after)
    end
    redis.call('LTRIM', events, -keepEvents, -1)
    -- The newest event, at offset, has index -1, and older ones count down from there.
    for i = 7, #ARGV, 2 do
      local index = ARGV[i] - offset - 1
      if -index <= redis.call('LLEN', events) then redis.call('LSET', events, index, ARGV[i + 1]) end
    end
    for _, stored in ipairs({ roomKey, events, messages, order }) do redis.call('PEXPIRE', stored, ${LIMITS.roomMs}) end
    redis.call('XADD', bus, 'MAXLEN', '~', ${BUS_LENGTH}, '*', 't', 'room:' .. room, 'f', event, 'o', offset)
  end
  redis.call('HSET', key, 'room', room, 'epoch', epoch, 'offset', offset)
  redis.call('PEXPIRE', key, ${LIMITS.keyMs})
  return { room, epoch, offset }
`);

/**
 * Returns the first of the newest `count` events that `isWanted`, up to `LIMITS.replyBytes`, but at least one. All of
 * them may be so long that Redis could not send them within the time limit of a command.
 */
const FIRST_OF = `
  local function firstOf(events, count, isWanted)
    local found, bytes = {}, 0
    for from = -count, -1, 100 do
      for _, event in ipairs(redis.call('LRANGE', events, from, math.min(from + 99, -1))) do
        if isWanted(event) then
          bytes = bytes + #event
          if bytes > ${LIMITS.replyBytes} and #found > 0 then return found end
          table.insert(found, event)
        end
      end
    end
    return found
  end
`;

/**
 * The first events after an offset that have this number in any field; the caller checks which field it is.
 * KEYS: room, events. ARGV: offset, number.
 */
const findEvents = new Script<readonly string[]>(`
  ${FIRST_OF}
  local missed = (redis.call('HGET', KEYS[1], 'offset') or 0) - ARGV[1]
  local value = ':' .. ARGV[2]
  return firstOf(KEYS[2], math.min(missed, redis.call('LLEN', KEYS[2])), function(event)
    return event:find(value .. ',', 1, true) or event:find(value .. '}', 1, true)
  end)
`);

/** The state of a room, and the newest entry of the bus at that time. */
type ReadReply = readonly [
  epoch: string,
  head: number,
  recovered: 0 | 1,
  entries: readonly string[],
  lastId: string,
];

/**
 * Reads a room: the first events after a position, or if that is not possible its newest messages.
 * KEYS: room, generation, events, messages, order of the messages, bus.
 * ARGV: id for a new epoch, epoch and offset to recover from.
 */
const read = new Script<ReadReply>(`
  ${EPOCH}
  ${FIRST_OF}
  local roomKey, generation, events, messages, order, bus = unpack(KEYS)
  local newId, afterEpoch, afterOffset = unpack(ARGV)
  local epoch = currentEpoch(roomKey, generation, newId, events, messages, order)
  local offset = tonumber(redis.call('HGET', roomKey, 'offset') or '0')
  local missed = offset - afterOffset
  local found, recovered = {}, 0
  if afterEpoch == epoch and missed >= 0 and missed <= redis.call('LLEN', events) then
    found, recovered = firstOf(events, missed, function() return true end), 1
  else
    local offsets = redis.call('ZREVRANGE', order, 0, ${LIMITS.latest - 1})
    if #offsets > 0 then
      local newest = redis.call('HMGET', messages, unpack(offsets))
      for i = #newest, 1, -1 do
        if newest[i] then table.insert(found, newest[i]) end
      end
    end
  end
  local last = redis.call('XREVRANGE', bus, '+', '-', 'COUNT', 1)
  return { epoch, offset, recovered, found, last[1] and last[1][1] or '0-0' }
`);

/**
 * Starts new epochs in all rooms after data loss: otherwise offsets would be assigned twice. Only the call of the
 * first node that notices the loss has an effect: a generation that is newer than the lost entry is kept.
 * KEYS: generation. ARGV: when the lost entry was stored, in milliseconds; id for the new generation.
 */
const replaceGeneration = new Script<null>(`
  local since = (redis.call('GET', KEYS[1]) or ''):match('^(%d+)%-')
  if tonumber(since or 0) > tonumber(ARGV[1]) then return end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('SET', KEYS[1], now .. '-' .. ARGV[2])
`);

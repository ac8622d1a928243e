// The presence of several nodes, in Redis: each node registers its users, and a crashed node's users expire.
import { setImmediate } from "node:timers/promises";
import { RedisConnection } from "#lib/redis";
import type { User } from "../../protocol.ts";
import { randomId } from "../../random-id.ts";
import { Counts, ONLINE } from "../chat/presence/counts.ts";
import { logPresenceError, type Member, type Presence } from "../chat/presence/presence.ts";
// #region private
import { findUser, type Receiver } from "../private/find-user.ts";
// #endregion
import { BUS_LENGTH, BUS_TTL_MS, type RedisBus } from "./bus.ts";
import { checkVersion } from "./health.ts";
import { Script, type Sender } from "./script.ts";

/**
 * Registrations of expired nodes that one heartbeat removes. Each may add an entry to the bus, so this is far below
 * `BUS_LENGTH`: otherwise the other nodes would miss deliveries.
 */
const REMOVED_PER_HEARTBEAT = 1000;
/** Milliseconds without a heartbeat after which the users of a node are removed. */
const NODE_TTL_MS = 6000;
const HEARTBEAT_MS = 1500;

/** The users of a room, and the newest entry of the bus at that time. */
interface Users {
  readonly users: readonly User[];
  readonly lastId: string;
}

export class RedisPresence implements Presence {
  readonly #redis: RedisConnection;
  readonly #bus: RedisBus;
  readonly #prefix: string;
  readonly #timer: Timer;
  /** The connections of this node. */
  readonly #counts = new Counts();
  /** For each room, the read of its users that has not been sent to Redis yet. */
  readonly #nextReads = new Map<string, Promise<Users>>();
  /** The id under which this node registers its users in Redis. */
  #nodeId = randomId();
  /** Whether Redis may hold registrations of `#nodeId` that this node does not have. */
  #isStale = false;

  /** Connects in the background. @param prefix of every key. */
  constructor(url: string, prefix: string, bus: RedisBus) {
    this.#bus = bus;
    this.#prefix = `${prefix}:`;
    this.#redis = RedisConnection.start(url, async (client) => {
      await checkVersion(client, prefix);
      // Load the scripts first: an EVAL fallback would run after calls that were made later.
      await Promise.all(
        [register, readUsers, leave, heartbeat].map((script) => script.load(client)),
      );
      // Redis may still list users who left during an outage, so register everyone under a new node id.
      this.#isStale = true;
      await this.#heartbeat(client);
    });
    this.#timer = setInterval(() => {
      if (this.#redis.isConnected) void this.#heartbeat(this.#redis);
    }, HEARTBEAT_MS);
  }

  async join(room: string, member: Member): Promise<readonly User[]> {
    this.#counts.add(room, member);
    await this.#register(room, member.user);
    const { users, lastId } = await this.#readUsers(room);
    await this.#bus.reached(lastId);
    return users;
  }

  async leave(room: string, member: Member): Promise<void> {
    if (!this.#counts.remove(room, member)) return;
    const args = [this.#prefix, this.#nodeId, room, member.user.id];
    await this.#markStaleOnError(leave.run(this.#redis, [this.#key("bus")], args));
  }

  async connect(member: Member): Promise<void> {
    this.#counts.add(ONLINE, member);
    await this.#register(ONLINE, member.user);
  }

  disconnect(member: Member): Promise<void> {
    return this.leave(ONLINE, member);
  }
  // #region private

  findUser(to: Receiver): Promise<User | undefined> {
    const key = this.#key(`people:${ONLINE}`);
    return findUser(to, {
      byId: async (id) => {
        const user = (await this.#redis.send("HGET", [key, id])) as string | null;
        return user === null ? undefined : JSON.parse(user);
      },
      all: async () => {
        const users = (await this.#redis.send("HVALS", [key])) as string[];
        return users.map((user): User => JSON.parse(user));
      },
    });
  }
  // #endregion

  async ready(): Promise<void> {
    if (!this.#redis.isConnected) throw new Error("There is no connection to Redis.");
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#redis.isConnected) await this.#extendLife(this.#redis, 0).catch(logPresenceError);
    this.#redis.close();
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  /** Joins that need the users of a room at the same time share one read: with one each, thousands of joins would take minutes. */
  #readUsers(room: string): Promise<Users> {
    return this.#nextReads.getOrInsertComputed(room, async () => {
      await setImmediate();
      this.#nextReads.delete(room);
      const keys = [this.#key(`people:${room}`), this.#key("bus")];
      const [users, lastId] = await readUsers.run(this.#redis, keys, []);
      return { users: users.map((user): User => JSON.parse(user)), lastId };
    });
  }

  async #register(room: string, user: User, redis: Sender = this.#redis): Promise<void> {
    const names = [`people:${room}`, `count:${room}`, `node:${this.#nodeId}`, "nodes", "bus"];
    const args = [room, user.id, JSON.stringify(user), this.#nodeId];
    const keys = names.map((name) => this.#key(name));
    await this.#markStaleOnError(register.run(redis, keys, args));
  }

  /** Sets `#isStale` if the command fails, because it is then unknown whether Redis has run it. */
  #markStaleOnError<T>(reply: Promise<T>): Promise<T> {
    return reply.catch((error) => {
      this.#isStale = true;
      throw error;
    });
  }

  /** Extends the life of this node. If Redis does not know the node, registers everyone who is connected. */
  async #heartbeat(redis: Sender): Promise<void> {
    if (this.#isStale) {
      // The registrations of the old id expire with its TTL.
      this.#nodeId = randomId();
      this.#isStale = false;
    }
    try {
      const isRegistered = await this.#markStaleOnError(this.#extendLife(redis, NODE_TTL_MS));
      if (!isRegistered) this.#registerAll(redis);
    } catch (error) {
      logPresenceError(error);
    }
  }

  /** @param ttlMs 0 removes the users of this node immediately. */
  #extendLife(redis: Sender, ttlMs: number): Promise<0 | 1> {
    const keys = ["nodes", `node:${this.#nodeId}`, "bus"].map((name) => this.#key(name));
    return heartbeat.run(redis, keys, [this.#prefix, this.#nodeId, ttlMs]);
  }

  #registerAll(redis: Sender): void {
    const all = [...this.#counts.all()];
    const registered = all.map(({ room, user }) => this.#register(room, user, redis));
    Promise.all(registered).catch(logPresenceError);
  }
}

/** Functions of the scripts for presence. */
const PRESENCE = `
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local function announce(bus, type, room, user)
    local frame = '{"type":"' .. type .. '","room":"' .. room .. '","user":' .. user .. '}'
    redis.call('XADD', bus, 'MAXLEN', '~', ${BUS_LENGTH}, '*', 't', 'room:' .. room, 'f', frame)
  end
  -- Removes a user of one node from a room. The removal from the last node is announced, except for
  -- the room '', which counts who is online.
  local function leave(prefix, bus, node, room, id)
    local registration = room .. ' ' .. id
    if redis.call('SREM', prefix .. 'node:' .. node, registration) == 0 then return end
    local count, users = prefix .. 'count:' .. room, prefix .. 'people:' .. room
    if redis.call('HINCRBY', count, id, -1) > 0 then return end
    redis.call('HDEL', count, id)
    local user = redis.call('HGET', users, id)
    redis.call('HDEL', users, id)
    if room ~= '' and user then announce(bus, 'user-left', room, user) end
  end
`;

/**
 * Adds a user of one node to a room, or renames the user there.
 * KEYS: users, count, registrations of the node, nodes, bus.
 * ARGV: room, user id, user, node.
 */
const register = new Script<null>(`
  ${PRESENCE}
  local users, count, registrations, nodes, bus = unpack(KEYS)
  local room, id, user, node = unpack(ARGV)
  redis.call('ZADD', nodes, 'NX', now() + ${NODE_TTL_MS}, node)
  if redis.call('SADD', registrations, room .. ' ' .. id) == 1 then redis.call('HINCRBY', count, id, 1) end
  local before = redis.call('HGET', users, id)
  redis.call('HSET', users, id, user)
  if room ~= '' and before ~= user then announce(bus, 'user-joined', room, user) end
`);

/** KEYS: users, bus. Returns the users of the room, and the newest entry of the bus. */
const readUsers = new Script<readonly [users: readonly string[], lastId: string]>(`
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  return { redis.call('HVALS', KEYS[1]), last[1] and last[1][1] or '0-0' }
`);

/** KEYS: bus. ARGV: prefix, node, room, user id. */
const leave = new Script<null>(`
  ${PRESENCE}
  leave(ARGV[1], KEYS[1], unpack(ARGV, 2))
`);

/**
 * Extends the life of a node, removes users of nodes whose TTL has passed (the next heartbeats remove the others), and
 * deletes old deliveries.
 * KEYS: nodes, registrations of the node, bus. ARGV: prefix, node, TTL in milliseconds (0 to sign off).
 * Returns 0 if the node is not registered: it is new, it had expired, or Redis has lost its data.
 */
const heartbeat = new Script<0 | 1>(`
  ${PRESENCE}
  local nodes, registrations, bus = unpack(KEYS)
  local prefix, node, ttl = unpack(ARGV)
  -- The value '!' is not a user: it shows that the key of the node still exists, also if the node has no users.
  local isRegistered = 1 - redis.call('SADD', registrations, '!')
  redis.call('ZADD', nodes, now() + ttl, node)
  local remaining = ${REMOVED_PER_HEARTBEAT}
  for _, expired in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now())) do
    local expiredKey = prefix .. 'node:' .. expired
    -- If the node is still running, its next heartbeat then returns 0, and it registers its users again.
    redis.call('SREM', expiredKey, '!')
    for _, registration in ipairs(redis.call('SRANDMEMBER', expiredKey, remaining)) do
      local room, id = registration:match('^(%S*) (.+)$')
      leave(prefix, bus, expired, room, id)
      remaining = remaining - 1
    end
    if redis.call('SCARD', expiredKey) == 0 then redis.call('ZREM', nodes, expired) end
  end
  -- Deletes the old deliveries except the newest one, which is the cursor of a node that has read nothing later.
  local old = redis.call('XREVRANGE', bus, now() - ${BUS_TTL_MS}, '-', 'COUNT', 1)[1]
  if old then redis.call('XTRIM', bus, 'MINID', old[1]) end
  return isRegistered
`);

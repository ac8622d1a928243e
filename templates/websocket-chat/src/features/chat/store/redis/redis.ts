// The store of any number of nodes: messages and presence in Redis, deliveries through the bus.
import { RedisConnection } from "#lib/redis";
import { LIMITS } from "../../../../limits.ts";
import type { Position, Snapshot, User } from "../../../../protocol.ts";
import { randomId } from "../../../../random-id.ts";
import { logPresenceError, ONLINE } from "../../presence.ts";
import {
  type Delivery,
  type Draft,
  findUser,
  type Listener,
  roomTopic,
  type Store,
  type Stored,
} from "../store.ts";
import { BusReader } from "./bus-reader.ts";
import { append, heartbeat, join, leave, type Sender, startNewEpoch } from "./scripts.ts";
import { catchUp, toSnapshot } from "./snapshot.ts";

/** Deliveries that Redis retains for nodes that are behind. */
const BUS_LENGTH = 10_000;
/** Milliseconds without a heartbeat after which the users of a node are removed. */
const NODE_TTL_MS = 6000;
const HEARTBEAT_MS = 1500;
/** Milliseconds for which the key that `ready` writes exists. */
const PROBE_TTL_MS = 1000;

/** A user of this node in a room, or online (`ONLINE`). */
interface Registration {
  readonly room: string;
  readonly user: User;
}

export class RedisStore implements Store {
  readonly #redis: RedisConnection;
  readonly #bus: BusReader;
  readonly #prefix: string;
  /** Marks the entries of the bus that this process has delivered already. */
  readonly #instance = randomId();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #registrations = new Map<string, Registration>();
  #listener: Listener | undefined;
  /** The owner of the registrations in Redis. */
  #nodeId = randomId();
  /** Whether Redis may hold registrations of `#nodeId` that this node does not have. */
  #isStale = false;
  /** The latest epoch that this node has seen. */
  #epoch = "";

  /** Connects in the background. @param prefix of every key. */
  constructor(url: string, prefix: string) {
    this.#prefix = `${prefix}:`;
    this.#redis = RedisConnection.start(url, async (client) => this.#startNewNode(client));
    this.#bus = new BusReader({
      url,
      key: this.#key("bus"),
      node: this.#instance,
      onDelivery: (delivery) => this.#listener?.deliver(delivery),
      onDataLoss: (isRegression) => this.#onDataLoss(isRegression),
    });
    this.#timer = setInterval(() => void this.#heartbeat(), HEARTBEAT_MS);
  }

  subscribe(listener: Listener): void {
    this.#listener = listener;
  }

  async append({ room, from, text, at, key }: Draft): Promise<Stored> {
    const body = JSON.stringify({ from, text, at }).slice(1, -1);
    const keys = this.#keys([...messageKeys(room), `key:${from.id} ${key}`, "bus"]);
    const limits = [LIMITS.history, LIMITS.keyMs, LIMITS.messagesMs, BUS_LENGTH];
    const args = [room, randomId(), body, ...limits];
    const [storedRoom, epoch, offset] = await append.run(this.#redis, keys, args);
    this.#epoch = epoch;
    return { room: storedRoom, epoch, offset };
  }

  async join(room: string, user: User, after?: Position): Promise<Snapshot> {
    using recording = this.#bus.record(roomTopic(room));
    const reply = await this.#register({ room, user }, after);
    const [epoch, , , , , lastId] = reply;
    this.#epoch = epoch;
    // The reply is the room at one entry of the bus: wait until this node has delivered that entry too.
    await this.#bus.reached(lastId);
    return catchUp(toSnapshot(reply), lastId, recording);
  }

  leave(room: string, user: User): Promise<void> {
    return this.#unregister({ room, user });
  }

  async connect(user: User): Promise<void> {
    await this.#register({ room: ONLINE, user });
  }

  disconnect(user: User): Promise<void> {
    return this.#unregister({ room: ONLINE, user });
  }

  async findUser(idOrName: string): Promise<User | undefined> {
    const key = this.#key(`people:${ONLINE}`);
    const byId = (await this.#redis.send("HGET", [key, idOrName])) as string | null;
    if (byId !== null) return JSON.parse(byId);
    const all = (await this.#redis.send("HVALS", [key])) as string[];
    const users = all.map((user): User => JSON.parse(user));
    return findUser(new Map(users.map((user) => [user.id, user])), idOrName);
  }

  async publish({ topic, frame }: Delivery): Promise<void> {
    await this.#addToBus(["t", topic, "f", frame]);
  }

  publishEphemeral({ topic, frame }: Delivery): void {
    // Dropped while Redis is not available.
    this.#addToBus(["t", topic, "f", frame, "n", this.#instance]).catch(() => undefined);
  }

  /** Writes a key: a replica, and a server that is out of memory, respond to a PING as usual. */
  async ready(): Promise<void> {
    await this.#redis.send("SET", [this.#key("ready"), "1", "PX", `${PROBE_TTL_MS}`]);
    if (!this.#bus.isReading) throw new Error("Deliveries cannot be read from Redis.");
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#redis.isConnected) await this.#extendLife(0).catch(logPresenceError);
    this.#bus.close();
    this.#redis.close();
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  #keys(names: readonly string[]): string[] {
    return names.map((name) => this.#key(name));
  }

  #addToBus(fields: readonly string[]): Promise<unknown> {
    const args = [this.#key("bus"), "MAXLEN", "~", `${BUS_LENGTH}`, "*", ...fields];
    return this.#redis.send("XADD", args);
  }

  async #onDataLoss(isRegression: boolean): Promise<void> {
    if (isRegression) {
      await startNewEpoch.run(this.#redis, this.#keys(["epoch"]), [this.#epoch, randomId()]);
    }
    this.#listener?.onDataLoss();
  }

  async #register(registration: Registration, after?: Position, redis: Sender = this.#redis) {
    const { room, user } = registration;
    this.#registrations.set(`${room} ${user.id}`, registration);
    const presence = [`people:${room}`, `count:${room}`, `node:${this.#nodeId}`, "nodes", "bus"];
    const keys = this.#keys([...messageKeys(room), ...presence]);
    const position = [after?.epoch ?? "", after?.offset ?? 0, LIMITS.latest];
    const args = [room, randomId(), user.id, JSON.stringify(user), ...position, BUS_LENGTH];
    try {
      return await join.run(redis, keys, [...args, this.#nodeId, NODE_TTL_MS]);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  async #unregister({ room, user }: Registration): Promise<void> {
    this.#registrations.delete(`${room} ${user.id}`);
    const args = [this.#prefix, this.#key("bus"), BUS_LENGTH, this.#nodeId, room, user.id];
    try {
      await leave.run(this.#redis, [], args);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  async #heartbeat(): Promise<void> {
    if (!this.#redis.isConnected) return;
    if (this.#isStale) this.#startNewNode(this.#redis);
    try {
      const isRegistered = await this.#extendLife(NODE_TTL_MS);
      if (!isRegistered) this.#registerAll(this.#redis);
    } catch (error) {
      logPresenceError(error);
    }
  }

  /** @param ttlMs 0 removes the users of this node immediately. */
  #extendLife(ttlMs: number): Promise<0 | 1> {
    const keys = this.#keys(["nodes", `node:${this.#nodeId}`, "bus"]);
    return heartbeat.run(this.#redis, keys, [this.#prefix, this.#nodeId, ttlMs, BUS_LENGTH]);
  }

  /**
   * Departures during a Redis outage were never published. Takes a new node id and registers everyone
   * who is still connected; the entries of the old id expire with its TTL.
   */
  #startNewNode(redis: Sender): void {
    this.#nodeId = randomId();
    this.#isStale = false;
    this.#registerAll(redis);
  }

  #registerAll(redis: Sender): void {
    const all = [...this.#registrations.values()];
    const registered = all.map((registration) => this.#register(registration, undefined, redis));
    Promise.all(registered).catch(logPresenceError);
  }
}

/** Keys that hold the messages of a room. */
const messageKeys = (room: string): string[] => ["epoch", "offsets", `messages:${room}`];

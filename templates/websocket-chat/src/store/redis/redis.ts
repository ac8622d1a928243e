// The store of any number of nodes: Redis Streams keep the messages, and one more tells the nodes of them.

import { RedisClient } from "bun";
import { LIMITS } from "../../limits.ts";
import { ONLINE } from "../../presence.ts";
import type { Person, Position, Snapshot } from "../../protocol.ts";
import { randomId } from "../../random-id.ts";
import {
  type Delivery,
  type Draft,
  findPerson,
  type Listener,
  roomTopic,
  type Store,
  type Stored,
} from "../store.ts";
import { BusReader } from "./bus.ts";
import { append, beat, enter, leave, renew } from "./scripts.ts";
import { catchUp, type EnterReply, snapshotOf } from "./snapshot.ts";

/** Deliveries that Redis keeps for nodes that fall behind; one that falls further starts its clients anew. */
const BUS_KEPT = 10_000;
/** A node that gives no sign of life for so many milliseconds is dead: its people leave. */
const LIVES_MS = 6000;
const BEAT_MS = 1500;
const READY_MS = 1000;
/** The most retries that the runtime takes; they are at most two seconds apart. */
const FOR_EVER = 0xffff_ffff;

export interface RedisOptions {
  readonly url: string;
  /** Start of every key. */
  readonly prefix: string;
  readonly listener: Listener;
  readonly report: (error: unknown) => void;
}

export class RedisStore implements Store {
  readonly #client: RedisClient;
  readonly #bus: BusReader;
  readonly #prefix: string;
  readonly #instance = randomId();
  readonly #report: (error: unknown) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Everyone whom this node says to be somewhere, by place and id. */
  readonly #here = new Map<string, { readonly place: string; readonly person: Person }>();
  #node: string = randomId();
  /** The last epoch that this node has seen. */
  #epoch = "";

  constructor({ url, prefix, listener, report }: RedisOptions) {
    this.#prefix = `${prefix}:`;
    this.#report = report;
    // Without a queue a command fails at once while Redis is away, and the client sends again.
    const settings = { maxRetries: FOR_EVER, enableOfflineQueue: false };
    this.#client = new RedisClient(url, settings);
    let connections = 0;
    this.#client.onconnect = () => {
      if (++connections > 1) this.#comeBack();
    };
    this.#client.connect().catch(report);
    const key = this.#key("bus");
    const regressed = () =>
      renew.run(this.#client, this.#keys(["epoch"]), [this.#epoch, randomId()]);
    this.#bus = new BusReader({ url, key, node: this.#instance, listener, regressed, report });
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
  }

  async append({ room, from, text, at, key }: Draft): Promise<Stored> {
    const body = JSON.stringify({ from, text, at }).slice(1, -1);
    const names = [...logKeys(room), `key:${from.id} ${key}`, "bus"];
    const kept = [LIMITS.history, LIMITS.keyMs, LIMITS.messagesMs, BUS_KEPT];
    const args = [room, randomId(), body, ...kept];
    const [storedRoom, epoch, offset] = await append.run(this.#client, this.#keys(names), args);
    this.#epoch = epoch;
    return { room: storedRoom, epoch, offset };
  }

  async enter(room: string, person: Person, after?: Position): Promise<Snapshot> {
    using recording = this.#bus.record(roomTopic(room));
    const reply = await this.#enter(room, person, after);
    this.#epoch = reply[0];
    // The snapshot is of one point of the bus: wait until this node has got there, too.
    await this.#bus.reached(reply[5]);
    return catchUp(snapshotOf(reply), reply[5], recording);
  }

  leave(room: string, person: Person): Promise<void> {
    return this.#leave(room, person);
  }

  async connect(person: Person): Promise<void> {
    await this.#enter(ONLINE, person);
  }

  disconnect(person: Person): Promise<void> {
    return this.#leave(ONLINE, person);
  }

  async find(idOrName: string): Promise<Person | undefined> {
    const key = this.#key(`people:${ONLINE}`);
    const person: string | null = await this.#client.send("HGET", [key, idOrName]);
    if (person !== null) return JSON.parse(person);
    const all: string[] = await this.#client.send("HVALS", [key]);
    const people = all.map((one): Person => JSON.parse(one));
    return findPerson(new Map(people.map((one) => [one.id, one])), idOrName);
  }

  async send({ topic, frame }: Delivery): Promise<void> {
    await this.#tell(["t", topic, "f", frame]);
  }

  hint({ topic, frame }: Delivery): void {
    if (!this.#client.connected) return;
    this.#tell(["t", topic, "f", frame, "n", this.#instance]).catch(this.#report);
  }

  async ready(): Promise<boolean> {
    const answer = await Promise.race([this.#client.send("PING", []), Bun.sleep(READY_MS)]);
    return answer === "PONG" && this.#bus.reading;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#client.connected) await this.#signOff().catch(this.#report);
    this.#bus.close();
    this.#client.close();
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  #keys(names: readonly string[]): string[] {
    return names.map((name) => this.#key(name));
  }

  #tell(fields: readonly string[]): Promise<unknown> {
    return this.#client.send("XADD", [
      this.#key("bus"),
      "MAXLEN",
      "~",
      `${BUS_KEPT}`,
      "*",
      ...fields,
    ]);
  }

  async #enter(place: string, person: Person, after?: Position): Promise<EnterReply> {
    this.#here.set(`${place} ${person.id}`, { place, person });
    const node = `node:${this.#node}`;
    const names = [...logKeys(place), `people:${place}`, `count:${place}`, node, "nodes", "bus"];
    const who = [place, randomId(), person.id, JSON.stringify(person)];
    const from = [after?.epoch ?? "", after?.offset ?? 0, LIMITS.latest];
    const args = [...who, ...from, BUS_KEPT, this.#node, LIVES_MS];
    return await enter.run(this.#client, this.#keys(names), args);
  }

  async #leave(place: string, { id }: Person): Promise<void> {
    this.#here.delete(`${place} ${id}`);
    const args = [this.#prefix, this.#key("bus"), BUS_KEPT, this.#node, place, id];
    await leave.run(this.#client, [], args);
  }

  async #beat(): Promise<void> {
    if (!this.#client.connected) return;
    try {
      if ((await this.#signal(LIVES_MS)) === 0) await this.#enterAll();
    } catch (error) {
      this.#report(error);
    }
  }

  #signOff(): Promise<number> {
    return this.#signal(0);
  }

  #signal(lives: number): Promise<number> {
    const keys = this.#keys(["nodes", `node:${this.#node}`, "bus"]);
    return beat.run(this.#client, keys, [this.#prefix, this.#node, lives, BUS_KEPT]);
  }

  /**
   * Redis was away, and who left meanwhile could not be told. The node goes on under another name:
   * whoever is still here enters again, and the rest leaves when the old name expires.
   */
  #comeBack(): void {
    this.#node = randomId();
    this.#enterAll().catch(this.#report);
  }

  async #enterAll(): Promise<void> {
    const all = [...this.#here.values()];
    await Promise.all(all.map(({ place, person }) => this.#enter(place, person)));
  }
}

/** Where the messages of a room are. */
const logKeys = (room: string): string[] => ["epoch", "offsets", `messages:${room}`];

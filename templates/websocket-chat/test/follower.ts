// The page's client and model without the page: it stays in a room and records what the page would show.
import { expect } from "bun:test";
import { applyEvent } from "../src/apply-event.ts";
import type { NewEvent } from "../src/client/client.ts";
import { ChatClient } from "../src/client/client.ts";
import { isEvent, type Message, type RoomEvent, targetOf, type User } from "../src/protocol.ts";
import { until } from "./server.ts";
import { openWebSocket } from "./web-socket.ts";

export class Follower implements Disposable {
  /** Every event, in the order in which the page would apply it. */
  readonly seen: RoomEvent[] = [];
  /** The messages by offset, after all events so far: the content that the page would show. */
  readonly messages = new Map<number, Message>();
  /** Events that the server has acknowledged. */
  readonly acknowledged: NewEvent[] = [];
  /** Resolves at the first join. */
  readonly joined: Promise<void>;
  /** How often it has connected. */
  connections = 0;
  readonly #client: ChatClient;

  constructor(
    url: string,
    cookie: string,
    readonly room: string,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.joined = promise;
    const [payload = ""] = cookie.replace("chat_session=", "").split(".");
    const user: User = JSON.parse(Buffer.from(payload, "base64url").toString());
    this.#client = new ChatClient({
      user,
      backoff: { base: 10, cap: 200 },
      connect: () => {
        this.connections += 1;
        return openWebSocket(url, cookie) as WebSocket;
      },
      events: {
        state: () => undefined,
        refused: (_, problem) => {
          throw new Error(problem);
        },
        settled: (event) => this.acknowledged.push(event),
        joined: (_, snapshot) => {
          if (snapshot.recovered) for (const event of snapshot.messages) this.#apply(event);
          else for (const message of snapshot.messages) this.messages.set(message.offset, message);
          resolve();
        },
        frame: (frame) => isEvent(frame) && this.#apply(frame),
      },
    });
    this.#client.join(room);
    this.#client.connect();
  }

  /** Checks the connection, as a page does when it becomes visible. */
  check(): void {
    this.#client.connect();
  }

  get unsent(): number {
    return this.#client.unsent.length;
  }

  send(text: string): void {
    this.post({ type: "chat", room: this.room, text });
  }

  post(event: NewEvent): void {
    this.#client.post(event);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #apply(event: RoomEvent): void {
    this.seen.push(event);
    const target = targetOf(event);
    const offset = target ?? event.offset;
    const before = this.messages.get(offset);
    // A message that was deleted later comes without its text.
    if (target ? !before : event.text === undefined) return;
    const message = applyEvent(event, before);
    if (message) this.messages.set(offset, message);
    else this.messages.delete(offset);
  }
}

/** Expects that all of them have the same `count` messages, in order, without a gap or a duplicate. */
export async function expectSame(followers: readonly Follower[], count: number): Promise<void> {
  const complete = () => followers.every(({ seen }) => seen.length >= count);
  await until(complete, `all have ${count} messages`);
  const [first, ...others] = followers.map(({ seen }) => seen);
  const offsets = Array.from({ length: count }, (_, i) => i + 1);
  expect(first?.map(({ offset }) => offset)).toEqual(offsets);
  expect(new Set(first?.map((event) => JSON.stringify(event))).size).toBe(count);
  for (const seen of others) expect(seen).toEqual(first ?? []);
}

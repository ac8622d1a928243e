// The page's client without the page: it stays in a room and records what the page would show.
import { expect } from "bun:test";
import { ChatClient } from "../src/client/client.ts";
import type { ChatMessage } from "../src/protocol.ts";
import { until } from "./server.ts";

export class Follower implements Disposable {
  /** Every message, in the order in which the page would show it. */
  readonly seen: ChatMessage[] = [];
  /** Texts of the messages that the server has acknowledged. */
  readonly acknowledged: string[] = [];
  /** Resolves at the first join. */
  readonly joined: Promise<void>;
  readonly #client: ChatClient;

  constructor(
    url: string,
    cookie: string,
    readonly room: string,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.joined = promise;
    this.#client = new ChatClient({
      backoff: { base: 10, cap: 200 },
      connect: () => new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { cookie } }),
      events: {
        state: () => undefined,
        settled: ({ text }) => this.acknowledged.push(text),
        joined: (_, { messages }) => {
          this.seen.push(...messages);
          resolve();
        },
        frame: (frame) => frame.type === "chat" && this.seen.push(frame),
      },
    });
    this.#client.join(room);
    this.#client.connect();
  }

  send(text: string): void {
    this.#client.sendChat(this.room, text);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** Expects that all of them have the same `count` messages, in order, without a gap or a duplicate. */
export async function expectSame(followers: readonly Follower[], count: number): Promise<void> {
  const complete = () => followers.every(({ seen }) => seen.length >= count);
  await until(complete, `all have ${count} messages`);
  const [first, ...others] = followers.map(({ seen }) => seen);
  const offsets = Array.from({ length: count }, (_, i) => i + 1);
  expect(first?.map(({ offset }) => offset)).toEqual(offsets);
  expect(new Set(first?.map(({ text }) => text)).size).toBe(count);
  for (const seen of others) expect(seen).toEqual(first ?? []);
}

// The client without a page: it stays in a room, and keeps what it was shown.
import { expect } from "bun:test";
import { ChatClient } from "../src/client/client.ts";
import type { ChatMessage } from "../src/protocol.ts";
import { until } from "./server.ts";

export class Follower implements Disposable {
  /** Every message that was shown, in the order in which it was shown. */
  readonly seen: ChatMessage[] = [];
  /** Texts that the server has acknowledged. */
  readonly acknowledged: string[] = [];
  /** Settles when the room was entered for the first time. */
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

  say(text: string): void {
    this.#client.say(this.room, text);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** All of them were shown the same `count` messages, in order: none is missing, none came twice. */
export async function expectSame(followers: readonly Follower[], count: number): Promise<void> {
  const complete = () => followers.every(({ seen }) => seen.length >= count);
  await until(complete, `all have seen ${count} messages`);
  const [first, ...others] = followers.map(({ seen }) => seen);
  const offsets = Array.from({ length: count }, (_, i) => i + 1);
  expect(first?.map(({ offset }) => offset)).toEqual(offsets);
  expect(new Set(first?.map(({ text }) => text)).size).toBe(count);
  for (const seen of others) expect(seen).toEqual(first ?? []);
}

// Frames that wait for their answer, each under a ref.
import type { ServerFrame } from "../protocol.ts";

export type Reply = Extract<ServerFrame, { type: "ok" | "error" | "pong" }>;

export class Requests {
  readonly #waiting = new Map<unknown, (reply: Reply | undefined) => void>();
  #last = 0;

  /** A new ref, and the answer to come: undefined if there will be none. */
  begin(): { readonly ref: number; readonly reply: Promise<Reply | undefined> } {
    const ref = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.#waiting.set(ref, resolve);
    return { ref, reply: promise };
  }

  /** Takes the frame for an answer, if it is one. */
  answer(frame: ServerFrame): void {
    if (frame.type !== "ok" && frame.type !== "error" && frame.type !== "pong") return;
    this.#waiting.get(frame.ref)?.(frame);
    this.#waiting.delete(frame.ref);
  }

  /** The connection is gone: no request will be answered. */
  abandon(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}

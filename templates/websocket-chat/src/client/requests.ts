// Matches replies to the frames that were sent, by `ref`.
import type { ServerFrame } from "../protocol.ts";

export type Reply = Extract<ServerFrame, { type: "ok" | "error" | "pong" }>;

export class Requests {
  readonly #waiting = new Map<unknown, (reply: Reply | undefined) => void>();
  #last = 0;

  /** A new ref and the promise of its reply; undefined if the connection closes first. */
  begin(): { readonly ref: number; readonly reply: Promise<Reply | undefined> } {
    const ref = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.#waiting.set(ref, resolve);
    return { ref, reply: promise };
  }

  /** Resolves the request that the frame replies to, if it is a reply. */
  resolve(frame: ServerFrame): void {
    if (frame.type !== "ok" && frame.type !== "error" && frame.type !== "pong") return;
    this.#waiting.get(frame.ref)?.(frame);
    this.#waiting.delete(frame.ref);
  }

  /** The connection has closed: resolves all requests with undefined. */
  abandon(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}

// Records the frames that are delivered to a room while a client joins it, to send them after the reply.
import type { User } from "../../protocol.ts";
import type { Delivery } from "./bus.ts";

export class Recording implements Disposable {
  /** Frames without an offset: not events of the log. */
  #ephemeral: string[] = [];
  #events: Delivery[] = [];
  /** Whether events are dropped. */
  isPaused = false;

  constructor(
    readonly topic: string,
    readonly dispose: () => void,
  ) {}

  add(delivery: Delivery): void {
    if (delivery.topic !== this.topic) return;
    if (delivery.offset === undefined) this.#ephemeral.push(delivery.frame);
    else if (!this.isPaused) this.#events.push(delivery);
  }

  /** Drops the recorded events and records none until `resume`; the caller then reads them from the log. */
  pause(): void {
    this.isPaused = true;
    this.#events = [];
  }

  resume(): void {
    this.isPaused = false;
  }

  /**
   * Returns membership changes that `members` does not reflect, then events after `offset`. All other frames are
   * dropped, because they are out of date.
   */
  framesAfter(offset: number, members: readonly User[]): string[] {
    const known = new Map(members.map(({ id, name }) => [id, name]));
    const isNews = (encoded: string) => {
      const frame = JSON.parse(encoded);
      if (frame.type === "user-left") return known.delete(frame.user.id);
      if (frame.type !== "user-joined") return false;
      const isKnown = known.get(frame.user.id) === frame.user.name;
      known.set(frame.user.id, frame.user.name);
      return !isKnown;
    };
    const events = this.#events.filter((event) => (event.offset ?? 0) > offset);
    return [...this.#ephemeral.filter(isNews), ...events.map(({ frame }) => frame)];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

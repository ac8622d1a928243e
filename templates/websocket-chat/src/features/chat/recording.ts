// Records the frames that are delivered to a room while a client joins it, to send them after the reply.
import type { ServerFrame, User } from "../../protocol.ts";
import type { Delivery } from "./bus.ts";

export class Recording implements Disposable {
  #deliveries: Delivery[] = [];
  isPaused = false;

  constructor(
    readonly topic: string,
    readonly dispose: () => void,
  ) {}

  add(delivery: Delivery): void {
    if (delivery.topic === this.topic && !this.isPaused) this.#deliveries.push(delivery);
  }

  /** Drops what was recorded, and records nothing until `resume`; the caller then reads the stores again. */
  pause(): void {
    this.isPaused = true;
    this.#deliveries = [];
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
    const isEvent = (delivery: Delivery) => delivery.offset !== undefined;
    const changes = this.#deliveries.filter((each) => !isEvent(each) && isNews(each.frame));
    const events = this.#deliveries.filter((each) => (each.offset ?? 0) > offset);
    return [...changes, ...events].map(({ frame }) => frame);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The frames that a client needs if it knows the members `before`, and the room has the members `now`. */
export function membershipChanges(
  room: string,
  before: readonly User[],
  now: readonly User[],
): string[] {
  const ids = new Set(now.map(({ id }) => id));
  const names = new Map(before.map(({ id, name }) => [id, name]));
  const left = before.filter(({ id }) => !ids.has(id));
  const joined = now.filter(({ id, name }) => names.get(id) !== name);
  const frames: ServerFrame[] = [
    ...left.map((user) => ({ type: "user-left", room, user }) as const),
    ...joined.map((user) => ({ type: "user-joined", room, user }) as const),
  ];
  return frames.map((frame) => JSON.stringify(frame));
}

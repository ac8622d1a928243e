// The reply to a join, whose length is limited, and the frames that follow it.
import { LIMITS } from "../../limits.ts";
import type { Ref, ServerFrame, User } from "../../protocol.ts";
import type { Delivery } from "./hub.ts";
import type { History } from "./room-log/room-log.ts";

/** The content of the reply to a join. */
export interface JoinReply {
  readonly ref: Ref;
  readonly room: string;
  readonly history: History;
  readonly members: readonly User[];
}

/** Records the frames that are delivered to a room while a client joins it, to send them after the reply. */
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
   * The frames that a client lacks if it knows these `members` and the events up to `offset`: changes of the members, then
   * events. Leaves out frames of other kinds, which are not stored. Only events have an offset.
   */
  framesAfter(room: string, offset: number, members: readonly User[]): string[] {
    const current = new Map(members.map((user) => [user.id, user]));
    for (const { frame } of this.#deliveries.filter((each) => each.offset === undefined)) {
      const { type, user } = JSON.parse(frame);
      if (type === "user-left") current.delete(user.id);
      if (type === "user-joined") current.set(user.id, user);
    }
    const events = this.#deliveries.filter((each) => (each.offset ?? 0) > offset);
    const changes = membershipChanges(room, members, [...current.values()]);
    return [...changes, ...events.map(({ frame }) => frame)];
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

/**
 * Encodes the reply to a join, with at most `LIMITS.replyMembers` members. If the join has recovered, it has all events of
 * `history`, otherwise the newest messages that fit into `LIMITS.replyBytes`.
 * @returns also `rest`, the frames to send after it: the other members.
 */
export function encodeJoinReply({ ref, room, history, members }: JoinReply) {
  const { epoch, offset, recovered, entries } = history;
  // The room log has returned only as many events as fit.
  const messages = recovered ? entries : newestFitting(entries);
  const first = members.slice(0, LIMITS.replyMembers);
  const head = { type: "ok", ref, room, epoch, offset, recovered, members: first };
  const frame = `${JSON.stringify(head).slice(0, -1)},"messages":[${messages.join(",")}]}`;
  return { frame, rest: membershipChanges(room, first, members) };
}

/** The newest messages that fit into a reply: at least one, which may be longer. */
function newestFitting(messages: readonly string[]): readonly string[] {
  let bytes = 0;
  const last = messages.findLastIndex((message) => {
    bytes += Buffer.byteLength(message);
    return bytes > LIMITS.replyBytes;
  });
  return messages.slice(Math.min(last + 1, messages.length - 1));
}

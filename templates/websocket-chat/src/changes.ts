// What happened in a room between two looks at it, as the frames that tell it.
import type { ServerFrame, Snapshot } from "./protocol.ts";

/** Frames that lead from one snapshot to the next, whose messages are those in between. */
export function changes(room: string, before: Snapshot, now: Snapshot): ServerFrame[] {
  const was = new Set(before.members.map(({ id }) => id));
  const is = new Set(now.members.map(({ id }) => id));
  const left = before.members.filter(({ id }) => !is.has(id));
  const joined = now.members.filter(({ id }) => !was.has(id));
  return [
    ...left.map((user): ServerFrame => ({ type: "user-left", room, user })),
    ...joined.map((user): ServerFrame => ({ type: "user-joined", room, user })),
    ...now.messages,
  ];
}

// The frames that bring a client from one snapshot of a room to the next.
import type { ServerFrame, Snapshot } from "../../protocol.ts";

/** @param next a snapshot that recovers from `previous`: its messages are the ones in between. */
export function diffSnapshots(room: string, previous: Snapshot, next: Snapshot): ServerFrame[] {
  const before = new Set(previous.members.map(({ id }) => id));
  const after = new Set(next.members.map(({ id }) => id));
  const left = previous.members.filter(({ id }) => !after.has(id));
  const joined = next.members.filter(({ id }) => !before.has(id));
  return [
    ...left.map((user): ServerFrame => ({ type: "user-left", room, user })),
    ...joined.map((user): ServerFrame => ({ type: "user-joined", room, user })),
    ...next.messages,
  ];
}

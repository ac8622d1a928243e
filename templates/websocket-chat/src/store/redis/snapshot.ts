// A room as Redis answers it, and as it is once this node has caught up with it.
import type { ChatMessage, Person, ServerFrame, Snapshot } from "../../protocol.ts";
import { isAfter, type Recording } from "./bus.ts";

/** What the script `enter` returns. */
export type EnterReply = readonly [
  epoch: string,
  offset: number,
  recovered: 0 | 1,
  frames: readonly (readonly [id: string, fields: readonly string[]])[],
  people: readonly string[],
  last: string,
];

export function snapshotOf([epoch, offset, recovered, frames, people]: EnterReply): Snapshot {
  // A message that is older than its epoch was stored just when Redis had lost others.
  const messages = frames.map(
    ([, [, frame = ""]]): ChatMessage => ({ ...JSON.parse(frame), epoch }),
  );
  const members = people.map((person): Person => JSON.parse(person));
  return { epoch, offset, recovered: recovered === 1, messages, members };
}

/** The snapshot, and what was delivered to the room since: what comes next goes on from there. */
export function catchUp(snapshot: Snapshot, since: string, { deliveries }: Recording): Snapshot {
  return deliveries
    .filter(({ id }) => isAfter(id, since))
    .map(({ frame }): ServerFrame => JSON.parse(frame))
    .reduce(advance, snapshot);
}

function advance(snapshot: Snapshot, frame: ServerFrame): Snapshot {
  const { members, messages } = snapshot;
  switch (frame.type) {
    case "chat":
      return { ...snapshot, offset: frame.offset, messages: [...messages, frame] };
    case "user-joined":
      return { ...snapshot, members: [...members, frame.user] };
    case "user-left":
      return { ...snapshot, members: members.filter(({ id }) => id !== frame.user.id) };
    default:
      return snapshot;
  }
}

// Turns the reply of the join script into a snapshot, and brings a snapshot up to date.
import type { ChatMessage, ServerFrame, Snapshot, User } from "../../../../protocol.ts";
import { isAfter, type Recording } from "./bus-reader.ts";
import type { JoinReply } from "./scripts.ts";

export function toSnapshot([epoch, offset, recovered, frames, users]: JoinReply): Snapshot {
  // After data loss, retained messages still contain the lost epoch.
  const messages = frames.map(
    ([, [, frame = ""]]): ChatMessage => ({ ...JSON.parse(frame), epoch }),
  );
  const members = users.map((user): User => JSON.parse(user));
  return { epoch, offset, recovered: recovered === 1, messages, members };
}

/** Applies the deliveries after the entry `lastId`: the subscription then continues the snapshot. */
export function catchUp(snapshot: Snapshot, lastId: string, { deliveries }: Recording): Snapshot {
  return deliveries
    .filter(({ id }) => isAfter(id, lastId))
    .map(({ frame }): ServerFrame => JSON.parse(frame))
    .reduce(apply, snapshot);
}

function apply(snapshot: Snapshot, frame: ServerFrame): Snapshot {
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

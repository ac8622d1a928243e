// The reply to a join, whose length is limited, and the frames that follow it.
import { LIMITS } from "../../limits.ts";
import type { Ref, User } from "../../protocol.ts";
import { membershipChanges } from "./recording.ts";
import type { History } from "./room-log/room-log.ts";

/** The content of the reply to a join. */
export interface JoinReply {
  readonly ref: Ref;
  readonly room: string;
  readonly history: History;
  readonly members: readonly User[];
}

/**
 * Encodes the reply to a join, with at most `LIMITS.replyMembers` members, and all events or the newest messages: as
 * many as fit into `LIMITS.replyBytes`.
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

// The reply to a join, whose length is limited, and the frames that follow it.
import { LIMITS } from "../../limits.ts";
import type { Ref, ServerFrame, User } from "../../protocol.ts";
import type { History } from "./room-log/room-log.ts";

/** The content of the reply to a join. */
export interface JoinReply {
  readonly ref: Ref;
  readonly room: string;
  readonly history: History;
  readonly members: readonly User[];
}

/**
 * Encodes the reply to a join, with at most `LIMITS.replyMembers` members and `LIMITS.replyBytes` of events or messages.
 * @returns also `rest`, the frames to send after it: the other members, and the events that come after those in the
 * reply. Of messages, the oldest are left out instead.
 */
export function encodeJoinReply({ ref, room, history, members }: JoinReply) {
  const { epoch, recovered, entries } = history;
  const count = countFitting(recovered ? entries : entries.toReversed());
  const messages = recovered ? entries.slice(0, count) : entries.slice(-count);
  const events = recovered ? entries.slice(count) : [];
  const joins = members
    .slice(LIMITS.replyMembers)
    .map((user) => JSON.stringify({ type: "user-joined", room, user } satisfies ServerFrame));
  // The offsets of events count up by one.
  const position = { epoch, offset: history.offset - events.length };
  const head = { type: "ok", ref, room, ...position, recovered };
  const fields = JSON.stringify({ ...head, members: members.slice(0, LIMITS.replyMembers) });
  const frame = `${fields.slice(0, -1)},"messages":[${messages.join(",")}]}`;
  return { frame, rest: [...joins, ...events] };
}

/** The number of first entries that fit into a reply: at least one, which may be longer. */
function countFitting(entries: readonly string[]): number {
  let bytes = 0;
  const index = entries.findIndex((entry) => {
    bytes += Buffer.byteLength(entry);
    return bytes > LIMITS.replyBytes;
  });
  return index === -1 ? entries.length : Math.max(1, index);
}

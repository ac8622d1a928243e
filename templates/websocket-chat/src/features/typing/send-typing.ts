// Typing indicators: frames for the members of a room, throttled and never stored. They may be dropped.
import { log } from "#lib/log";
import { LIMITS } from "../../limits.ts";
import type { FrameOf, ServerFrame } from "../../protocol.ts";
import type { Connection } from "../chat/connection.ts";
import { roomTopic } from "../chat/hub.ts";

/** The time of the last typing frame of each connection, by room. */
const sentAt = new WeakMap<Connection, Map<string, number>>();

export function sendTyping(connection: Connection, { room }: FrameOf<"typing">): void {
  connection.requireMembership(room);
  const times = sentAt.get(connection) ?? new Map<string, number>();
  sentAt.set(connection, times);
  const now = performance.now();
  if (now - (times.get(room) ?? Number.NEGATIVE_INFINITY) < LIMITS.typingMs) return;
  // The connection may have left rooms: without this, their entries would accumulate.
  if (times.size > LIMITS.roomsPerConnection) times.clear();
  times.set(room, now);
  const frame: ServerFrame = { type: "typing", room, from: connection.user };
  const delivery = { topic: roomTopic(room), frame: JSON.stringify(frame) };
  connection.chat.stores.bus
    .publish(delivery)
    .catch((error) => log.debug("a typing frame was dropped: {error}", { error }));
}

// Typing indicators: frames for the members of a room, throttled and never stored. They may be dropped.
import { log } from "#lib/log";
import { RateLimiter } from "#lib/rate-limit";
import { LIMITS } from "../../limits.ts";
import type { FrameOf, ServerFrame } from "../../protocol.ts";
import type { Connection } from "../chat/connection.ts";
import { roomTopic } from "../chat/hub.ts";

/** Per room and user. */
const limiter = new RateLimiter({ limit: 1, windowMs: LIMITS.typingMs });

export function sendTyping(connection: Connection, { room }: FrameOf<"typing">): void {
  connection.requireMembership(room);
  const { user, chat } = connection;
  if (limiter.take(`${room} ${user.id}`) > 0) return;
  const frame: ServerFrame = { type: "typing", room, from: user };
  const delivery = { topic: roomTopic(room), frame: JSON.stringify(frame) };
  chat.stores.bus
    .publish(delivery)
    .catch((error) => log.debug("a typing frame was dropped: {error}", { error }));
}

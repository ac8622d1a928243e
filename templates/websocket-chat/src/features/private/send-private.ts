// Private messages: delivered to every connection of the receiver, and not part of any history.
import { FrameError } from "../../frame-error.ts";
import type { FrameOf, ServerFrame } from "../../protocol.ts";
import type { Connection } from "../chat/connection.ts";
import { userTopic } from "../chat/hub.ts";

export async function sendPrivate(
  connection: Connection,
  { ref, to, text }: FrameOf<"private">,
): Promise<void> {
  const { hub, stores } = connection.chat;
  hub.checkRateLimit(connection.user, "message");
  const receiver = await stores.presence.findUser(to);
  if (!receiver) throw new FrameError("not_online", "No user with this id or name is online.");
  const at = new Date().toISOString();
  const message: ServerFrame = { type: "private", from: connection.user, text, at };
  await stores.bus.publish({ topic: userTopic(receiver.id), frame: JSON.stringify(message) });
  connection.send({ type: "ok", ref });
}

// Private messages: delivered to every connection of the receiver, and not part of any history.
import { FrameError } from "../../frame-error.ts";
import type { FrameOf, ServerFrame } from "../../protocol.ts";
import type { Connection } from "../chat/connection.ts";
import { userTopic } from "../chat/hub.ts";

export async function sendPrivate(
  connection: Connection,
  frame: FrameOf<"private">,
): Promise<void> {
  const { hub, stores } = connection.chat;
  hub.checkRateLimit(connection.user, "message");
  const { id } = frame.to;
  if (!(await stores.presence.isOnline(id))) {
    throw new FrameError("not_online", "This user is not online.");
  }
  const message: ServerFrame = {
    type: "private",
    from: connection.user,
    text: frame.text,
    at: new Date().toISOString(),
  };
  await stores.bus.publish({ topic: userTopic(id), frame: JSON.stringify(message) });
  connection.send({ type: "ok", ref: frame.ref });
}

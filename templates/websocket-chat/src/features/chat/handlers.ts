// Handles the frames that clients send: parses each one, calls the handler of its type, and reports a failure.
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import { FrameError } from "../../frame-error.ts";
import { LIMITS } from "../../limits.ts";
import {
  type ClientFrame,
  clientFrameSchema,
  ERRORS,
  type ErrorCode,
  type EventKind,
  type FrameOf,
  isTooLong,
  type Ref,
  refusedFrameSchema,
  type ServerFrame,
} from "../../protocol.ts";
// #region private
import { sendPrivate } from "../private/send-private.ts";
// #endregion
// #region typing
import { sendTyping } from "../typing/send-typing.ts";
// #endregion
import type { Connection } from "./connection.ts";

/** One handler per frame type. A frame type without a handler fails the type check. */
type Handlers = {
  readonly [T in ClientFrame["type"]]: (
    connection: Connection,
    frame: FrameOf<T>,
  ) => Promise<void> | void;
};

const handlers: Handlers = {
  join: (connection, frame) => connection.join(frame),
  leave: (connection, frame) => connection.leave(frame),
  chat: append,
  // #region edits
  edit: append,
  delete: append,
  // #endregion
  // #region reactions
  react: append,
  // #endregion
  // #region private
  private: sendPrivate,
  // #endregion
  // #region typing
  typing: sendTyping,
  // #endregion
  ping: (connection, { ref }) => connection.send({ type: "pong", ref }),
};

/** Handles one frame. Never rejects: a failure is an `error` frame for the client. */
export async function handleFrame(
  connection: Connection,
  data: string | Uint8Array,
): Promise<void> {
  let ref: Ref | undefined;
  try {
    const parsed = parseFrame(data);
    ref = parsed.ref;
    // The rate limit is checked after the `ref` is parsed: a client ignores an error without a `ref`.
    connection.chat.hub.checkRateLimit(connection.user, "frame");
    if ("error" in parsed) throw parsed.error;
    const { frame } = parsed;
    if (connection.pendingRoomChange) {
      const { length } = data;
      connection.addWaiting(length);
      while (connection.pendingRoomChange) await connection.pendingRoomChange;
      connection.waitingCharacters -= length;
    }
    // The connection may have closed during the wait: a join would then keep the user in the room forever.
    if (!connection.isOpen) return;
    const handle = handlers[frame.type] as (
      connection: Connection,
      frame: ClientFrame,
    ) => Promise<void> | void;
    await handle(connection, frame);
  } catch (error) {
    connection.send(toErrorFrame(error, ref));
  }
}

/** Stores an event; the log delivers it to all members, this connection included. */
async function append(connection: Connection, frame: FrameOf<EventKind>): Promise<void> {
  connection.requireMembership(frame.room);
  const { hub, stores } = connection.chat;
  hub.checkRateLimit(connection.user, "message");
  const at = new Date().toISOString();
  const { room, epoch, offset } = await stores.log.append({ frame, from: connection.user, at });
  hub.messagesTotal.inc();
  connection.send({ type: "ok", ref: frame.ref, room, epoch, offset });
}

/** A valid frame, or the error of an invalid one, with the `ref` unless that is missing or invalid. */
type Parsed = { readonly ref: Ref | undefined } & (
  | { readonly frame: ClientFrame }
  | { readonly error: FrameError }
);

/** Returns `invalid_json`, `too_long` or `invalid_message` instead of throwing it: the rate limit is checked first. */
function parseFrame(data: string | Uint8Array): Parsed {
  const refuse = (code: ErrorCode, message: string, ref?: Ref) => {
    return { ref, error: new FrameError(code, message) };
  };
  if (typeof data !== "string") {
    return refuse("invalid_message", "Send JSON in text frames, not binary ones.");
  }
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // Includes the RangeError for JSON that is nested too deeply.
    return refuse("invalid_json", "The frame is not valid JSON.");
  }
  const { data: frame, error } = clientFrameSchema.safeParse(value);
  if (frame) return { ref: "ref" in frame ? frame.ref : undefined, frame };
  const { ref, text = "" } = refusedFrameSchema.parse(value);
  if (isTooLong(text)) {
    return refuse("too_long", `A text may have at most ${LIMITS.text} characters.`, ref);
  }
  const [issue] = error.issues;
  const field = issue?.path.join(".") ?? "";
  const problem = issue?.message ?? "This is not a frame of the protocol.";
  return refuse("invalid_message", field ? `${field}: ${problem}` : problem, ref);
}

/** A `FrameError` is sent as it is. Any other error is logged, and sent as `internal`. */
function toErrorFrame(error: unknown, ref: Ref | undefined): ServerFrame {
  if (error instanceof FrameError) {
    const { code, message } = error;
    return { type: "error", ref, code, message, ...ERRORS[code] };
  }
  if (error instanceof Problem) log.warn("a frame was not handled: {error}", { error });
  else log.error("{error}", { error });
  const message = "The server could not handle this frame: send it again.";
  return { type: "error", ref, code: "internal", message, ...ERRORS.internal };
}

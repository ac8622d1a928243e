// Handles what happens to a WebSocket. A frame is parsed and passed to the handler of its type; a failure is reported.
import type { WebSocketHandler } from "bun";
import { log } from "#lib/log";
import type { Env } from "../../env.ts";
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
import type { Draft } from "./room-log/room-log.ts";
import { toProblem } from "./stores.ts";

/**
 * Beyond this many queued bytes, the runtime closes the connection without a close frame. `LIMITS.sendBufferBytes` is far
 * below, so that a slow consumer gets a close code.
 */
const BACKPRESSURE_LIMIT = 2 ** 30;

/** The events of a socket, whose `data` is its connection. */
export function socketEvents({ IDLE_TIMEOUT_S }: Env): WebSocketHandler<Connection> {
  return {
    maxPayloadLength: LIMITS.frameBytes,
    backpressureLimit: BACKPRESSURE_LIMIT,
    closeOnBackpressureLimit: true,
    // The runtime pings a silent client, and closes the connection if there is no pong.
    idleTimeout: IDLE_TIMEOUT_S,
    sendPings: true,
    perMessageDeflate: false,
    open: (socket) => socket.data.opened(socket),
    message: (socket, data) => handleFrame(socket.data, data),
    drain: (socket) => socket.data.drained(),
    close: (socket) => socket.data.closed(),
    error: (error) => log.error("{error}", { error }),
  };
}

type Handler<F> = (connection: Connection, frame: F) => Promise<void> | void;

/** One handler per frame type. A frame type without a handler fails the type check. */
const handlers: { readonly [T in ClientFrame["type"]]: Handler<FrameOf<T>> } = {
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
async function handleFrame(connection: Connection, data: string | Uint8Array): Promise<void> {
  let ref: Ref | undefined;
  try {
    const parsed = parseFrame(data);
    ref = parsed.ref;
    // The rate limit is checked after the `ref` is parsed: a client ignores an error without a `ref`.
    connection.chat.hub.checkRateLimit(connection.user, "frame");
    if ("error" in parsed) throw parsed.error;
    const { frame } = parsed;
    // A ping does not wait: a client without a `pong` would reconnect, and start a slow join again and again.
    if (connection.pendingRoomChange && frame.type !== "ping") {
      const { length } = data;
      connection.startWaiting(length);
      // A loop, because an earlier waiting frame may have started another join or leave. No `await` between the last check
      // and `handle`, or a later frame could overtake this one.
      while (connection.pendingRoomChange) await connection.pendingRoomChange;
      connection.stopWaiting(length);
    }
    // The connection may have closed during the wait: a join would then keep the user in the room forever.
    if (!connection.isOpen) return;
    const handle = handlers[frame.type] as Handler<ClientFrame>;
    await handle(connection, frame);
  } catch (error) {
    connection.send(toErrorFrame(error, ref));
  }
}

/** Stores an event; the log delivers it to all members, this connection included. */
async function append(connection: Connection, frame: FrameOf<EventKind>): Promise<void> {
  const { user, chat } = connection;
  connection.requireMembership(frame.room);
  chat.hub.checkRateLimit(user, "message");
  const { ref, ...event } = frame;
  const draft: Draft = { ...event, from: user, at: new Date().toISOString() };
  const { room, epoch, offset } = await chat.stores.log.append(draft);
  chat.hub.messagesTotal.inc();
  connection.send({ type: "ok", ref, room, epoch, offset });
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
  if (toProblem(error)) log.warn("a frame was not handled: {error}", { error });
  else log.error("{error}", { error });
  const message = "The server could not handle this frame: send it again.";
  return { type: "error", ref, code: "internal", message, ...ERRORS.internal };
}

// Builds the event of a draft, and applies it to its message. Both room logs use it.
import { applyEvent } from "../../../apply-event.ts";
import type { Message, Position, RoomEvent } from "../../../protocol.ts";
import type { Draft } from "./room-log.ts";

/** The event as it is stored and sent at this position. */
function toEvent({ frame, from, at }: Draft, { epoch, offset }: Position): RoomEvent {
  // All fields except `ref`, which belongs to the sender's connection. Zod has removed unknown fields.
  const { type, room, ref: _, ...fields } = frame;
  return { type, room, epoch, offset, from, at, ...fields } as RoomEvent;
}

/** The change that an event makes to its message. */
export interface Change {
  readonly event: RoomEvent;
  /** Undefined if the message is deleted. */
  readonly message: Message | undefined;
  /** Whether the event changes anything; otherwise it is not stored. */
  readonly isEffective: boolean;
}

/** @throws {FrameError} `not_found` or `forbidden`. */
export function changeOf(draft: Draft, position: Position, message: Message | undefined): Change {
  const event = toEvent(draft, position);
  const changed = applyEvent(event, message);
  return { event, message: changed, isEffective: changed !== message };
}

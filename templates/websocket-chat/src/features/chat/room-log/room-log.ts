// The interface of the room log, which stores the events and messages of all rooms. One implementation per engine.
import type { EventKind, EventOf, Position } from "../../../protocol.ts";

/** An event that has no position yet. A second draft of the same user with the same `key` is the same event. */
export type Draft = { [K in EventKind]: Omit<EventOf<K>, keyof Position> }[EventKind];

/** Where an event is stored; for a repeated key, where it was stored the first time. */
export interface Stored extends Position {
  readonly room: string;
}

/** Events or messages of a room up to a position. */
export interface History extends Position {
  /** True: `entries` are the events after the given position. False: the newest messages in their current state. */
  readonly recovered: boolean;
  /** Whether there are more events than `LIMITS.replyBytes`: read again, after this position, to get them. */
  readonly hasMore: boolean;
  /** Encoded as JSON, the oldest first. */
  readonly entries: readonly string[];
}

/** While the store is unavailable, every method rejects. */
export interface RoomLog {
  /**
   * Stores the event and delivers it once. When the promise resolves, the event survives a crash of the process.
   * @throws {FrameError} `not_found` or `forbidden`; the same key can then be used again.
   */
  append(draft: Draft): Promise<Stored>;
  /** Reads a room. When the promise resolves, everything in it has been delivered on this node. */
  read(room: string, after?: Position): Promise<History>;
  /** Rejects unless events can be stored now. */
  ready(): Promise<void>;
  /** Finishes pending writes and closes. */
  close(): Promise<void>;
}

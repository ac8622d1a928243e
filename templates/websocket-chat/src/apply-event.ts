// Defines how each kind of event changes its message. The stores and the page apply events with these functions.
import { FrameError } from "./frame-error.ts";
// #region reactions
import { LIMITS } from "./limits.ts";
// #endregion
import type { EventKind, EventOf, Message, RoomEvent } from "./protocol.ts";

type Apply = { [K in EventKind]: (event: EventOf<K>, message: Message) => Message | undefined };

/**
 * Each function returns the message after the event, or undefined if the event deletes it. An event that
 * changes nothing returns `message` itself; it is not stored.
 * @throws {FrameError} if the user may not do that.
 */
const apply: Apply = {
  chat: ({ offset, from, text = "", at, key }) => ({
    offset,
    from,
    text,
    at,
    key,
    // #region reactions
    reactions: [],
    // #endregion
  }),
  // #region edits
  edit: ({ from, text = "" }, message) => {
    requireAuthor(from.id, message);
    return { ...message, text, edited: true };
  },
  delete: ({ from }, message) => {
    requireAuthor(from.id, message);
    return undefined;
  },
  // #endregion
  // #region reactions
  react: ({ from, emoji, on }, message) => {
    const { reactions = [] } = message;
    const users = reactions.find((reaction) => reaction.emoji === emoji)?.users ?? [];
    if (users.some(({ id }) => id === from.id) === on) return message;
    if (users.length === 0 && reactions.length >= LIMITS.emoji) {
      throw new FrameError("forbidden", `A message has at most ${LIMITS.emoji} different emoji.`);
    }
    if (on && reactions.reduce((sum, { users }) => sum + users.length, 0) >= LIMITS.reactions) {
      throw new FrameError("forbidden", `A message has at most ${LIMITS.reactions} reactions.`);
    }
    const others = users.filter(({ id }) => id !== from.id);
    const changed = { emoji, users: on ? [...others, from] : others };
    const all = reactions.map((reaction) => (reaction.emoji === emoji ? changed : reaction));
    if (users.length === 0) all.push(changed);
    return { ...message, reactions: all.filter((reaction) => reaction.users.length > 0) };
  },
  // #endregion
};

/**
 * Applies an event to the message it is about; a chat event starts a message. A kind that is unknown here,
 * e.g. of a feature that was removed, changes nothing.
 * @returns the changed message, undefined if it is deleted, or `message` itself if nothing changes.
 * @throws {FrameError} `not_found` if there is no such message, `forbidden` if the user may not do that.
 */
export function applyEvent(event: RoomEvent, message: Message | undefined): Message | undefined {
  if (!message && "target" in event) {
    throw new FrameError("not_found", "There is no such message (any more).");
  }
  if (!Object.hasOwn(apply, event.type)) return message;
  const change = apply[event.type] as (event: RoomEvent, message?: Message) => Message | undefined;
  return change(event, message);
}
// #region edits

function requireAuthor(userId: string, { from }: Message): void {
  if (from.id !== userId) {
    throw new FrameError("forbidden", "Only the author can change a message.");
  }
}
// #endregion

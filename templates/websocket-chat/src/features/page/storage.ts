// Stores the rooms and drafts of a tab across page loads, per user. A new tab opens the rooms that were used last.
import type { Conversation } from "./model.ts";

/** A conversation with what was typed in it. */
type Draft = Pick<Conversation, "kind" | "id" | "title" | "draft">;

/** The keys of this app: other apps of the same origin have theirs. `chat-outbox:<user>` belongs to the client. */
const OWN_KEY = /^chat-(rooms|drafts|outbox):/;
const roomsKey = (userId: string) => `chat-rooms:${userId}`;
const draftsKey = (userId: string) => `chat-drafts:${userId}`;

export function readRooms(userId: string): string[] {
  const key = roomsKey(userId);
  return JSON.parse(sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? "[]");
}

export function rememberRooms(userId: string, rooms: readonly string[]): void {
  for (const storage of [sessionStorage, localStorage]) {
    storage.setItem(roomsKey(userId), JSON.stringify(rooms));
  }
}

/** Keeps what was typed in each conversation for the next page load. */
export function keepDrafts(userId: string, drafts: readonly Draft[]): void {
  sessionStorage.setItem(draftsKey(userId), JSON.stringify(drafts));
}

export function takeDrafts(userId: string): readonly Draft[] {
  const drafts = JSON.parse(sessionStorage.getItem(draftsKey(userId)) ?? "[]");
  sessionStorage.removeItem(draftsKey(userId));
  return drafts;
}

/** The next user of this browser must not see the rooms, the drafts or the unsent messages. */
export function clearStorage(): void {
  for (const storage of [sessionStorage, localStorage]) {
    for (const key of Object.keys(storage)) if (OWN_KEY.test(key)) storage.removeItem(key);
  }
}

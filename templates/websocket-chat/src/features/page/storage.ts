// Stores the rooms and drafts of a tab across page loads, per user. A new tab opens the rooms that were used last.
import type { Conversation } from "./model.ts";

/** A conversation with what was typed in it. */
type Draft = Pick<Conversation, "kind" | "id" | "title" | "draft">;

/** The keys of this app, with the id of the user. `chat-outbox:<user>` belongs to the client. */
const OWN_KEY = /^chat-(?:rooms|drafts|outbox):(.*)/s;
const roomsKey = (userId: string) => `chat-rooms:${userId}`;
const draftsKey = (userId: string) => `chat-drafts:${userId}`;

export function readRooms(userId: string): string[] {
  const key = roomsKey(userId);
  return JSON.parse(sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? "[]");
}

export function rememberRooms(userId: string, conversations: Iterable<Conversation>): void {
  const rooms = [...conversations].filter(({ kind }) => kind === "room").map(({ id }) => id);
  for (const storage of [sessionStorage, localStorage]) store(storage, roomsKey(userId), rooms);
}

/** Keeps the rooms, and what was typed in each conversation, for the next page load. */
export function keepDrafts(userId: string, conversations: Iterable<Conversation>): void {
  const drafts = [...conversations]
    .filter(({ kind, draft }) => kind === "room" || draft !== "")
    .map(({ kind, id, title, draft }): Draft => ({ kind, id, title, draft }));
  store(sessionStorage, draftsKey(userId), drafts);
}

function store(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // The storage is full. The page works, but does not have the value after a reload.
  }
}

export function takeDrafts(userId: string): readonly Draft[] {
  const drafts = JSON.parse(sessionStorage.getItem(draftsKey(userId)) ?? "[]");
  sessionStorage.removeItem(draftsKey(userId));
  return drafts;
}

/** Removes the rooms, drafts and unsent messages of each user for whom `isRemoved` is true. */
export function clearStorage(isRemoved: (userId: string) => boolean): void {
  for (const storage of [sessionStorage, localStorage]) {
    for (const key of Object.keys(storage)) {
      const userId = OWN_KEY.exec(key)?.[1];
      if (userId !== undefined && isRemoved(userId)) storage.removeItem(key);
    }
  }
}

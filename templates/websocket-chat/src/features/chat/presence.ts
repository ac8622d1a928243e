// Counts the connections of each user on this node, per room, so that a second tab is not a second user.

import { log } from "#lib/log";

/** Counts every connection of a user, in a room or not. Not a valid room name, so it cannot collide. */
export const ONLINE = "";

export class Presence {
  readonly #rooms = new Map<string, Map<string, number>>();

  /** Rooms with at least one connection. */
  get rooms(): number {
    return this.#rooms.size - (this.#rooms.has(ONLINE) ? 1 : 0);
  }

  /** Adds a connection of the user. @returns whether it is the user's first one in the room. */
  join(room: string, userId: string): boolean {
    const users = this.#rooms.get(room) ?? new Map<string, number>();
    const count = (users.get(userId) ?? 0) + 1;
    this.#rooms.set(room, users.set(userId, count));
    return count === 1;
  }

  /** Removes a connection of the user. @returns whether it was the user's last one in the room. */
  leave(room: string, userId: string): boolean {
    const users = this.#rooms.get(room);
    const count = (users?.get(userId) ?? 0) - 1;
    if (count > 0) users?.set(userId, count);
    else users?.delete(userId);
    if (users?.size === 0) this.#rooms.delete(room);
    return count === 0;
  }

  /** Connections of the user in the room. */
  count(room: string, userId: string): number {
    return this.#rooms.get(room)?.get(userId) ?? 0;
  }
}

/** For updates that no client waits for: the store repeats them once it is available. */
export function logPresenceError(error: unknown): void {
  log.warn("the presence was not updated: {error}", { error });
}

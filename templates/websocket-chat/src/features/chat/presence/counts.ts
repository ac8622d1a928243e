// Counts the connections of each user of this node per room, so that a second tab is not a second user.
import type { User } from "../../../protocol.ts";
import type { Member } from "./presence.ts";

/** The key under which all online users are counted. It is not a valid room name, so it cannot collide with one. */
export const ONLINE = "";

interface Entry {
  readonly user: User;
  readonly members: Set<Member>;
}

export class Counts {
  readonly #rooms = new Map<string, Map<string, Entry>>();

  /** Adds the connection. @returns whether the user is new in the room or has another name there. */
  add(room: string, member: Member): boolean {
    const { user } = member;
    const entries = this.#rooms.getOrInsertComputed(room, () => new Map());
    const before = entries.get(user.id);
    const members = before?.members ?? new Set();
    entries.set(user.id, { user, members: members.add(member) });
    return before?.user.name !== user.name;
  }

  /** Removes the connection. @returns whether the user has no connection left in the room, or never had one. */
  remove(room: string, member: Member): boolean {
    const entries = this.#rooms.get(room);
    const entry = entries?.get(member.user.id);
    entry?.members.delete(member);
    if (entry && entry.members.size > 0) return false;
    entries?.delete(member.user.id);
    if (entries?.size === 0) this.#rooms.delete(room);
    return true;
  }

  users(room: string): User[] {
    return [...(this.#rooms.get(room)?.values() ?? [])].map(({ user }) => user);
  }

  user(room: string, userId: string): User | undefined {
    return this.#rooms.get(room)?.get(userId)?.user;
  }

  /** Every user with every room. */
  *all(): Iterable<{ readonly room: string; readonly user: User }> {
    for (const [room, entries] of this.#rooms) {
      for (const { user } of entries.values()) yield { room, user };
    }
  }
}

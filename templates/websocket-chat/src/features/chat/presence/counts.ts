// Counts the connections of each user of this node per room, so that a second tab is not a second user.
import type { User } from "../../../protocol.ts";
import type { Member } from "./presence.ts";

/** The key under which all online users are counted. It is not a valid room name, so it cannot collide with one. */
export const ONLINE = "";

/** A user in a room, with the connections that are in it. */
interface Registration {
  readonly user: User;
  readonly members: Set<Member>;
}

export class Counts {
  readonly #rooms = new Map<string, Map<string, Registration>>();

  /** Adds the connection. @returns whether the user is new in the room or has another name there. */
  add(room: string, member: Member): boolean {
    const { user } = member;
    const users = this.#rooms.get(room) ?? new Map<string, Registration>();
    const before = users.get(user.id);
    const members = before?.members ?? new Set<Member>();
    this.#rooms.set(room, users.set(user.id, { user, members: members.add(member) }));
    return before?.user.name !== user.name;
  }

  /** Removes the connection. @returns whether the user has no connection left in the room, or never had one. */
  remove(room: string, member: Member): boolean {
    const users = this.#rooms.get(room);
    const registration = users?.get(member.user.id);
    registration?.members.delete(member);
    if (registration && registration.members.size > 0) return false;
    users?.delete(member.user.id);
    if (users?.size === 0) this.#rooms.delete(room);
    return true;
  }

  users(room: string): User[] {
    return [...(this.#rooms.get(room)?.values() ?? [])].map(({ user }) => user);
  }

  has(room: string, userId: string): boolean {
    return this.#rooms.get(room)?.has(userId) ?? false;
  }

  /** Every user with every room. */
  *all(): Iterable<{ readonly room: string; readonly user: User }> {
    for (const [room, users] of this.#rooms) {
      for (const { user } of users.values()) yield { room, user };
    }
  }
}

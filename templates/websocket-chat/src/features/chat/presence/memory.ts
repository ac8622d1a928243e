// The presence of a single process.
import type { User } from "../../../protocol.ts";
// #region private
import { findUser, type Receiver } from "../../private/find-user.ts";
// #endregion
import { type Listener, roomTopic } from "../hub.ts";
import { Counts, ONLINE } from "./counts.ts";
import type { Member, Presence } from "./presence.ts";

export class MemoryPresence implements Presence {
  readonly #counts = new Counts();

  constructor(readonly hub: Listener) {}

  async join(room: string, member: Member): Promise<readonly User[]> {
    if (this.#counts.add(room, member)) this.#announce("user-joined", room, member.user);
    return this.#counts.users(room);
  }

  async leave(room: string, member: Member): Promise<void> {
    const wasHere = this.#counts.user(room, member.user.id);
    if (this.#counts.remove(room, member) && wasHere)
      this.#announce("user-left", room, member.user);
  }

  async connect(member: Member): Promise<void> {
    this.#counts.add(ONLINE, member);
  }

  async disconnect(member: Member): Promise<void> {
    this.#counts.remove(ONLINE, member);
  }
  // #region private

  findUser(to: Receiver): Promise<User | undefined> {
    return findUser(to, {
      byId: (id) => this.#counts.user(ONLINE, id),
      all: () => this.#counts.users(ONLINE),
    });
  }
  // #endregion

  #announce(type: "user-joined" | "user-left", room: string, user: User): void {
    this.hub.deliver({ topic: roomTopic(room), frame: JSON.stringify({ type, room, user }) });
  }
}

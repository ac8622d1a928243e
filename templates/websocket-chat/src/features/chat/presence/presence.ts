// The interface of presence, which stores the users in each room and those online. One implementation per engine.
import { log } from "#lib/log";
import type { User } from "../../../protocol.ts";
// #region private
import type { Receiver } from "../../private/find-user.ts";
// #endregion

/** A connection of a user. A user with several of them counts once. */
export interface Member {
  readonly user: User;
}

/** Calls take effect in the order in which they are made. While the store is unavailable, every method rejects. */
export interface Presence {
  /**
   * Adds the connection to the room, and returns the users who are in it. If the user was not in the room or had another
   * name, all subscribers get `user-joined`; on this node, it has been delivered when the promise resolves.
   */
  join(room: string, member: Member): Promise<readonly User[]>;
  /**
   * Removes the connection from the room; after the user's last one, all subscribers get `user-left`.
   * After a failure it can be repeated.
   */
  leave(room: string, member: Member): Promise<void>;
  /** Marks the user as online, in a room or not. */
  connect(member: Member): Promise<void>;
  disconnect(member: Member): Promise<void>;
  // #region private
  /** Finds the online user with this id. A string can also be a name that only one online user has. */
  findUser(to: Receiver): Promise<User | undefined>;
  // #endregion
  /** Rejects unless presence can be updated now. */
  ready?(): Promise<void>;
  /** Removes the users of this node. */
  close?(): Promise<void>;
}

/** Logs a failed update that has no reply; the store repeats it later. */
export function logPresenceError(error: unknown): void {
  log.warn("the presence was not updated: {error}", { error });
}

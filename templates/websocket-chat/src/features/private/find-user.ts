// Finds the receiver of a private message among the users who are online.
import type { FrameOf, User } from "../../protocol.ts";
import { isId } from "../../random-id.ts";

export type Receiver = FrameOf<"private">["to"];

/** The users who are online, as a presence store reads them. */
interface OnlineUsers {
  byId(id: string): Promise<User | undefined> | User | undefined;
  all(): Promise<readonly User[]> | readonly User[];
}

/**
 * Finds the user whom `to` identifies. A string that looks like an id of `randomId` is never taken for a name:
 * otherwise a user with such a name would receive the messages of an offline user.
 */
export async function findUser(to: Receiver, online: OnlineUsers): Promise<User | undefined> {
  const user = await online.byId(typeof to === "string" ? to : to.id);
  if (user || typeof to !== "string" || isId(to)) return user;
  // Some keyboards and systems write "ë" as two characters.
  const wanted = to.normalize("NFC");
  const [only, another] = (await online.all()).filter(
    ({ name }) => name.normalize("NFC") === wanted,
  );
  return another ? undefined : only;
}

// Finds the receiver of a private message among the users who are online.
import type { User } from "../../protocol.ts";
import { isId } from "../../random-id.ts";

/**
 * Finds a user by id, or by a name that only one user has. Text that has the form of an id is never taken
 * for a name: otherwise a name that equals the id of an offline user would receive that user's messages.
 */
export function findUser(users: ReadonlyMap<string, User>, idOrName: string): User | undefined {
  if (isId(idOrName)) return users.get(idOrName);
  const [only, another] = [...users.values()].filter(({ name }) => name === idOrName);
  return another ? undefined : only;
}

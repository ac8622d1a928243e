// Decides who may join a room: change this function to make rooms private.
import type { User } from "./protocol.ts";

/** May return a promise. `false` becomes the error `forbidden`; an exception, or no result within 5 s, the error `internal`. */
export function canJoin(_user: User, _room: string): boolean | Promise<boolean> {
  return true;
}

// The functions that the view calls: the names to show, and the actions of buttons.
import type { Message, User } from "../../protocol.ts";
import type { Conversation } from "./model.ts";

/** Returns a message as it is shown now; undefined until it is shown. */
export type CurrentMessage = () => Message | undefined;

export interface Actions {
  readonly isMe: (user: User) => boolean;
  /** The name to show for a user. */
  readonly labelOf: (user: User) => string;
  readonly show: (conversation: Conversation) => void;
  // #region private
  readonly openPrivate: (user: User) => void;
  // #endregion
  // #region reactions
  /** Adds or removes the user's own reaction. */
  readonly react: (message: Message, emoji: string, on: boolean) => void;
  // #endregion
  /** Each function makes buttons of a message. */
  readonly buttons: readonly ((message: {
    readonly isMine: boolean;
    readonly current: CurrentMessage;
  }) => HTMLElement[])[];
}

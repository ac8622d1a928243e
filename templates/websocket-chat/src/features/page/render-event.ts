// Draws a message, with one function per kind of event, for what events of this kind change. After any change of the
// message, `view.ts` calls all of them. A kind without a function fails the type check.
import type { EventKind, Message } from "../../protocol.ts";
import type { Actions } from "./actions.ts";
import { linkify } from "./links.ts";
// #region reactions
import { renderReactions } from "./reaction-picker.ts";

// #endregion

export const renderEvent: {
  readonly [K in EventKind]: (item: HTMLElement, message: Message, actions: Actions) => void;
} = {
  chat: (item, { text }) => {
    const target = item.querySelector(".text");
    // Only if it differs: otherwise a screen reader would read it again.
    if (target && target.textContent !== text) target.replaceChildren(...linkify(text));
  },
  // #region edits
  edit: (item, { edited }) => {
    item.classList.toggle("edited", edited === true);
  },
  // A message that was deleted has no element any more.
  delete: () => undefined,
  // #endregion
  // #region reactions
  react: renderReactions,
  // #endregion
};

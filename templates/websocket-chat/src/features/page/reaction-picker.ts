// The reactions of a message, and the button that offers more.
import type { Message } from "../../protocol.ts";
import type { Actions, CurrentMessage } from "./actions.ts";
import { element } from "./dom.ts";

const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "👀"];

export function reactButton(current: CurrentMessage, react: Actions["react"]): HTMLElement {
  const picker = element("span", "picker");
  picker.hidden = true;
  const button = element("button", "quiet", "☺");
  button.ariaLabel = "React";
  button.ariaExpanded = "false";
  const toggle = (isOpen: boolean) => {
    picker.hidden = !isOpen;
    button.ariaExpanded = String(isOpen);
  };
  for (const emoji of EMOJI) {
    const choice = element("button", "quiet", emoji);
    choice.ariaLabel = `React with ${emoji}`;
    choice.onclick = () => {
      const message = current();
      if (message) react(message, emoji, true);
      toggle(false);
      button.focus();
    };
    picker.append(choice);
  }
  button.onclick = () => toggle(picker.hidden === true);
  const all = element("span", "react", button, picker);
  all.onkeydown = (event) => {
    if (event.key !== "Escape" || picker.hidden) return;
    toggle(false);
    button.focus();
    event.stopPropagation();
  };
  return all;
}

/** Shows who has reacted. A click adds or removes the user's own reaction. */
export function renderReactions(
  item: HTMLElement,
  message: Message,
  { react, labelOf, isMe }: Actions,
): void {
  const chips = (message.reactions ?? []).map(({ emoji, users }) => {
    const isMine = users.some(isMe);
    const chip = element("button", "chip", `${emoji} ${users.length}`);
    chip.title = users.map(labelOf).join(", ");
    chip.ariaLabel = `${emoji} from ${chip.title}`;
    chip.ariaPressed = String(isMine);
    chip.dataset.emoji = emoji;
    chip.onclick = () => react(message, emoji, !isMine);
    return chip;
  });
  const target = item.querySelector<HTMLElement>(".reactions");
  const focused = target?.querySelector<HTMLElement>(":focus")?.dataset.emoji;
  target?.replaceChildren(...chips);
  chips.find(({ dataset }) => focused !== undefined && dataset.emoji === focused)?.focus();
}

// The buttons of one's own messages: Edit moves the text into the message field, Delete asks once more.
import type { Message } from "../../protocol.ts";
import type { CurrentMessage } from "./actions.ts";
import { byId, element } from "./dom.ts";

let editing: { readonly message: Message; readonly draft: string } | undefined;

export function editButtons(
  current: CurrentMessage,
  remove: (message: Message) => void,
): HTMLElement[] {
  const button = (text: string, action: (message: Message) => void) => {
    const made = element("button", "quiet", text);
    made.onclick = () => {
      const message = current();
      if (message) action(message);
    };
    return made;
  };
  const edit = button("Edit", startEditing);
  const deletion = button("Delete", (message) => {
    if (deletion.classList.contains("danger")) return remove(message);
    deletion.textContent = "Really delete?";
    deletion.classList.add("danger");
  });
  deletion.onblur = () => {
    deletion.textContent = "Delete";
    deletion.classList.remove("danger");
  };
  return [edit, deletion];
}

export function startEditing(message: Message): void {
  moveEditToDraft();
  const text = byId("text", HTMLTextAreaElement);
  editing = { message, draft: text.value };
  text.value = message.text;
  byId("editing", HTMLElement).hidden = false;
  text.focus();
}

/** Puts back what was typed before. @returns the message that was being edited, if any. */
export function stopEditing(): Message | undefined {
  const stopped = editing;
  if (!stopped) return undefined;
  editing = undefined;
  byId("text", HTMLTextAreaElement).value = stopped.draft;
  byId("editing", HTMLElement).hidden = true;
  return stopped.message;
}

/** Stops editing, and appends the text, if it was changed, to what was typed before, so that neither is lost. */
export function moveEditToDraft(): void {
  const text = byId("text", HTMLTextAreaElement);
  const edited = text.value;
  const message = stopEditing();
  if (message && message.text !== edited) text.value = `${text.value}\n${edited}`.trim();
}

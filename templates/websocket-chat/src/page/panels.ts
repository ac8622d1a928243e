// On a narrow screen the sidebar and the people lie over the conversation, one at a time.
import { byId } from "./dom.ts";

type Panel = "sidebar" | "people";

/** The widths of style.css. */
const narrow = matchMedia("(max-width: 64rem)");
const phone = matchMedia("(max-width: 44rem)");

/** True where not all three columns fit. */
export const isNarrow = (): boolean => narrow.matches;

export function closePanel(): void {
  open(undefined);
}

export function setUpPanels(): void {
  byId("menu", HTMLElement).onclick = () => open("sidebar");
  byId("here", HTMLElement).onclick = () => open("people");
  // What a panel covers is inert, so that a click on it is one on the whole page.
  const chat = byId("chat", HTMLElement);
  chat.onclick = ({ target }) => {
    if (target === chat) closePanel();
  };
  // Not every browser lets the keyboard scroll what holds nothing to focus.
  byId("scroll", HTMLElement).tabIndex = 0;
  narrow.onchange = fold;
  phone.onchange = fold;
  fold();
}

/** On a wide screen the people are always in view, and there is nothing to open. */
function fold(): void {
  closePanel();
  byId("here", HTMLButtonElement).disabled = !narrow.matches;
}

/** Opens a panel, or closes the one that is open; the focus goes along and comes back. */
function open(panel: Panel | undefined): void {
  const chat = byId("chat", HTMLElement);
  const before = chat.dataset.panel;
  if (before === panel) return;
  chat.dataset.panel = panel;
  if (panel === undefined) delete chat.dataset.panel;
  byId("conversation", HTMLElement).inert = panel !== undefined;
  byId("menu", HTMLElement).ariaExpanded = String(panel === "sidebar");
  byId("here", HTMLElement).ariaExpanded = String(panel === "people");
  if (panel) byId(panel, HTMLElement).focus();
  else byId(before === "sidebar" ? "menu" : "here", HTMLElement).focus();
}

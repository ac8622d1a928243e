// On a narrow screen, the sidebar and the member list are panels over the conversation, one at a time.
import { byId } from "./dom.ts";

type Panel = "sidebar" | "people";

/** The same breakpoints as in style.css. */
const narrow = matchMedia("(max-width: 56rem)");
const phone = matchMedia("(max-width: 44rem)");

/** Whether the screen is too narrow for all three columns. */
export const isNarrow = (): boolean => narrow.matches;

export function closePanel(): void {
  open(undefined);
}

export function setUpPanels(): void {
  byId("menu", HTMLElement).onclick = () => open("sidebar");
  byId("here", HTMLElement).onclick = () => open("people");
  // The conversation under a panel is inert, so a click on it has #chat as its target.
  const chat = byId("chat", HTMLElement);
  chat.onclick = ({ target }) => {
    if (target === chat) closePanel();
  };
  // Without it, some browsers do not let the keyboard scroll the messages.
  byId("scroll", HTMLElement).tabIndex = 0;
  narrow.onchange = applyBreakpoint;
  phone.onchange = applyBreakpoint;
  applyBreakpoint();
}

/** Applies a breakpoint: on a wide screen, the member list is always visible. */
function applyBreakpoint(): void {
  closePanel();
  byId("here", HTMLButtonElement).disabled = !narrow.matches;
}

/** Opens a panel, or closes the open one, and moves the focus into the panel or back to its button. */
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

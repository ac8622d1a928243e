// On a narrow screen the sidebar and the people lie over the conversation, one at a time.
import { byId } from "./dom.ts";

type Panel = "sidebar" | "people";

const narrow = matchMedia("(max-width: 64rem)");

/** True where not all three columns fit. */
export const isNarrow = (): boolean => narrow.matches;

export function closePanel(): void {
  open(undefined);
}

export function setUpPanels(): void {
  byId("menu", HTMLElement).onclick = () => toggle("sidebar");
  byId("here", HTMLElement).onclick = () => toggle("people");
  byId("scroll", HTMLElement).onclick = closePanel;
  // Not every browser lets the keyboard scroll what holds nothing to focus.
  byId("scroll", HTMLElement).tabIndex = 0;
  narrow.onchange = fold;
  fold();
}

/** On a wide screen the people are always in view, and there is nothing to open. */
function fold(): void {
  byId("here", HTMLButtonElement).disabled = !narrow.matches;
}

function toggle(panel: Panel): void {
  open(byId("chat", HTMLElement).dataset.panel === panel ? undefined : panel);
}

function open(panel: Panel | undefined): void {
  byId("chat", HTMLElement).dataset.panel = panel ?? "none";
  byId("menu", HTMLElement).ariaExpanded = String(panel === "sidebar");
  byId("here", HTMLElement).ariaExpanded = String(panel === "people");
}

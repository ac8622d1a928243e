// The keyboard in the list of messages: the arrow keys move between messages, and Tab between the buttons of one message.
import { byId } from "./dom.ts";

export function setUpTabStops(): void {
  const list = byId("lines", HTMLElement);
  list.addEventListener("focusin", setTabStops);
  list.onkeydown = (event) => {
    const line = (event.target as Element).closest("li");
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" } as const;
    if (event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    line?.[step[event.key]]?.querySelector<HTMLElement>(".actions button")?.focus();
  };
}

/** Makes the buttons of one message tab stops: of the one that has the focus, otherwise of the last one. */
export function setTabStops(): void {
  const list = byId("lines", HTMLElement);
  const stop = list.querySelector(":scope > :focus-within") ?? list.lastElementChild;
  for (const button of list.querySelectorAll<HTMLElement>(".actions button, .chip")) {
    button.tabIndex = stop?.contains(button) ? 0 : -1;
  }
}

// One uploaded file in the list: its name, the progress of the work on it, and what is known about it.
import { create } from "./elements.ts";

export class FileCard {
  readonly element = create("li", "file");
  readonly #name = create("strong", "");
  readonly #state = create("p", "hint");
  readonly #bar = create("progress", "");

  constructor(name: string) {
    this.#name.textContent = name;
    this.#state.setAttribute("role", "status");
    this.#bar.setAttribute("aria-label", `Progress of ${name}`);
    this.element.append(this.#name, this.#bar, this.#state);
  }

  /** @param share the share of the work that is done, 0 to 1. */
  showProgress(phase: string, share: number): void {
    this.#bar.hidden = false;
    this.#bar.value = share;
    // Screen readers announce each change of the text, so it changes only with the phase.
    if (this.#state.textContent !== `${phase}…`) this.#state.textContent = `${phase}…`;
  }

  link(href: string): void {
    const anchor = create("a", "", this.#name.textContent ?? "");
    anchor.href = href;
    this.#name.replaceChildren(anchor);
  }

  /** Shows the facts about the file instead of the progress. */
  finish(...facts: readonly string[]): void {
    this.#bar.hidden = true;
    this.#state.textContent = facts.join(" · ");
  }

  fail(text: string): void {
    this.finish(text);
    this.#state.className = "error";
  }
}

// One uploaded file in the list: its name, the progress of the work on it, and what is known about it.
import { api, withAccess } from "./client.ts";
import {
  create,
  // #region jobs
  createButton,
  // #endregion
  find,
} from "./elements.ts";

const number = new Intl.NumberFormat();

export function quantity(count: number, unit: string): string {
  return `${number.format(count)} ${unit}`;
}

export class FileCard {
  readonly #name = create("strong", "");
  readonly #state = create("p", "hint");
  readonly #bar = create("progress", "");
  readonly #card = create("li", "file", this.#name, this.#bar, this.#state);
  // #region jobs
  #cancel: HTMLButtonElement | undefined;
  // #endregion

  /** Adds the card at the start of the list. */
  constructor(name: string) {
    this.#name.textContent = name;
    this.#state.setAttribute("role", "status");
    this.#bar.setAttribute("aria-label", `Progress of ${name}`);
    find("files", HTMLUListElement).prepend(this.#card);
  }

  /** @param share the share of the work that is done, 0 to 1. */
  showProgress(phase: string, share: number): void {
    this.#bar.hidden = false;
    this.#bar.value = share;
    // Screen readers announce each change of the text, so it changes only with the phase.
    if (this.#state.textContent !== `${phase}…`) this.#state.textContent = `${phase}…`;
  }

  // #region jobs
  /** Shows a button that cancels the work, until it ends. */
  offerCancel(cancel: () => Promise<void>): void {
    this.#cancel = createButton("Cancel", `Cancel the work on ${this.#name.textContent}`, cancel);
    this.#card.append(this.#cancel);
  }

  // #endregion
  /** Links the name to the file. @param id of the upload. */
  link(id: string): void {
    const anchor = create("a", "", this.#name.textContent ?? "");
    anchor.href = withAccess(api.uploads[":id"].$url({ param: { id } }));
    this.#name.replaceChildren(anchor);
  }

  /** Shows the facts about the file instead of the progress. */
  finish(...facts: readonly string[]): void {
    this.#bar.hidden = true;
    // #region jobs
    this.#cancel?.remove();
    // #endregion
    this.#state.textContent = facts.join(" · ");
  }

  fail(text: string): void {
    this.finish(text);
    this.#state.className = "error";
  }
}

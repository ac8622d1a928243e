// Finds and creates elements of the page. User input is only ever set as text.

/** The element with this id and type. @throws {TypeError} if the page has no such element. */
export function find<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new TypeError(`The page has no ${type.name} with the id ${id}.`);
}

export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

/** A button that runs `action` once: it stays disabled, unless `action` rejects. Then it shows the error's message. */
export function createButton(
  text: string,
  label: string,
  action: () => Promise<unknown>,
): HTMLButtonElement {
  const button = create("button", "quiet", text);
  button.type = "button";
  button.ariaLabel = label;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await action();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      button.textContent = `${text}: ${reason}`;
      button.ariaLabel = `${label}: ${reason}`;
      button.disabled = false;
    }
  });
  return button;
}

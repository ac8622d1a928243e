// Functions for the DOM. Text is always set as text, so that nothing that a user typed becomes markup.

/** Creates an element with a class and with text or children. A button does not submit a form. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  if (made instanceof HTMLButtonElement) made.type = "button";
  made.append(...children);
  return made;
}

/** Finds the element with this id. @throws if it is missing or of another type. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${type.name} #${id}.`);
}

/** Whether the key belongs to an input method, e.g. for Japanese. In Safari, the Enter that ends the input has only the code 229. */
export function isComposing({ isComposing, keyCode }: KeyboardEvent): boolean {
  return isComposing || keyCode === 229;
}

/**
 * Makes the children of `parent` match `items`. Existing elements are moved and reused, so that the
 * focus stays and a screen reader announces only the new ones.
 */
export function reconcile<T>(
  parent: HTMLElement,
  items: readonly T[],
  view: {
    readonly key: (item: T) => string;
    readonly create: (item: T) => HTMLElement;
    readonly update?: (element: HTMLElement, item: T, index: number) => void;
  },
): void {
  const present = new Map<string, HTMLElement>();
  for (const child of parent.children) {
    if (child instanceof HTMLElement && child.dataset.key) present.set(child.dataset.key, child);
  }
  for (const [index, item] of items.entries()) {
    const key = view.key(item);
    const child = present.get(key) ?? view.create(item);
    present.delete(key);
    child.dataset.key = key;
    view.update?.(child, item, index);
    if (parent.children[index] !== child)
      parent.insertBefore(child, parent.children[index] ?? null);
  }
  for (const stale of present.values()) stale.remove();
}

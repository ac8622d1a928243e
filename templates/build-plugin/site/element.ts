// Finds an element of the page.

/** @throws {Error} if the page has no element with this id */
export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
}

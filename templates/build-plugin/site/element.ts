// Finds an element of the page. Ids in the page start with `page:`, so that none in the content is the same.

/** @throws {Error} if the page has no such element */
export function element(name: string): HTMLElement {
  const id = `page:${name}`;
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element with the id ${id}`);
  return found;
}

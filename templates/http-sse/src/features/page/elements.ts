// Finds and makes the elements of the page. Text is only ever set as text.

/** The element with this id, of this kind. @throws {TypeError} when the page has no such element. */
export function find<E extends HTMLElement>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`The page has no ${kind.name} with the id ${id}.`);
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

/** What went wrong, from a problem+json response. */
export async function problemText(response: Response): Promise<string> {
  const problem = await response.json().catch(() => ({}));
  const first = problem.errors?.[0]?.detail;
  return [problem.detail ?? `The server answered ${response.status}.`, first]
    .filter(Boolean)
    .join(" ");
}

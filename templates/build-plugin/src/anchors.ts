// The ids of a page's headings: GitHub's way to make them, and never the same twice.

export class Anchors {
  readonly #taken = new Set<string>();
  /** The number that was given last, by text: thousands of headings may say the same. */
  readonly #numbers = new Map<string, number>();

  /** An id for a heading with this text; if others have it, with a number behind it. */
  take(text: string): string {
    const base = slug(text);
    let number = this.#numbers.get(base) ?? 0;
    let id = base;
    while (this.#taken.has(id)) id = `${base}-${++number}`;
    this.#numbers.set(base, number);
    this.#taken.add(id);
    return id;
  }
}

function slug(text: string): string {
  const kept = text
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{L}\p{M}\p{N}\s_-]/gu, "");
  return kept.replaceAll(/\s/g, "-") || "section";
}

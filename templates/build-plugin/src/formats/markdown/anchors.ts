// Creates unique ids for the headings of a page, in the same way as GitHub.

export class Anchors {
  readonly #taken = new Set<string>();
  /** The last number used per text, so that thousands of headings with the same text take linear time. */
  readonly #numbers = new Map<string, number>();

  /** Returns an id for a heading with this text, with a number appended if the id is taken. */
  take(text: string): string {
    const base = slugify(text);
    let number = this.#numbers.get(base) ?? 0;
    let id = base;
    while (this.#taken.has(id)) id = `${base}-${++number}`;
    this.#numbers.set(base, number);
    this.#taken.add(id);
    return id;
  }
}

function slugify(text: string): string {
  const kept = text
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{L}\p{M}\p{N}\s_-]/gu, "");
  return kept.replaceAll(/\s/g, "-") || "section";
}

// Who is where on this node: people, not tabs. A place is a room, or `ONLINE` for being connected at all.

/** No room is called so: it is not in the grammar. */
export const ONLINE = "";

export class Presence {
  readonly #places = new Map<string, Map<string, number>>();

  /** One more connection of the person in the place. True if it is the first. */
  arrive(place: string, id: string): boolean {
    const people = this.#places.get(place) ?? new Map<string, number>();
    const before = people.get(id) ?? 0;
    this.#places.set(place, people.set(id, before + 1));
    return before === 0;
  }

  /** One connection less. True if it was the last. */
  depart(place: string, id: string): boolean {
    const people = this.#places.get(place);
    const left = (people?.get(id) ?? 0) - 1;
    if (left > 0) people?.set(id, left);
    else people?.delete(id);
    if (people?.size === 0) this.#places.delete(place);
    return left === 0;
  }

  /** Connections of the person in the place. */
  count(place: string, id: string): number {
    return this.#places.get(place)?.get(id) ?? 0;
  }
}

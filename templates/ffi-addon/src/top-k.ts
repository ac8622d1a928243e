// The best k hits so far: a heap with the worst of them at the root, like the one in native/search.c.
import type { Hit } from "./engine.ts";

const isWorse = (a: Hit, b: Hit): boolean =>
  a.score < b.score || (a.score === b.score && a.id > b.id);

export class TopK {
  readonly #heap: Hit[] = [];

  constructor(readonly k: number) {}

  /** Whether a hit with this score, and an id above all earlier ones, would be among the best. */
  admits(score: number): boolean {
    const root = this.#heap[0];
    return this.#heap.length < this.k || (root !== undefined && score > root.score);
  }

  push(hit: Hit): void {
    const heap = this.#heap;
    if (heap.length < this.k) this.#siftUp(heap.length, hit);
    else this.#siftDown(hit);
  }

  /** Best first; equal scores by rising id. */
  sorted(): Hit[] {
    return this.#heap.toSorted((a, b) => b.score - a.score || a.id - b.id);
  }

  #siftUp(from: number, hit: Hit): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isWorse(hit, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = hit;
  }

  #siftDown(hit: Hit): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isWorse(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isWorse(child, hit)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = hit;
  }
}

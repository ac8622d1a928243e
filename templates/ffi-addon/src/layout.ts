// `vindex_hit`, the struct that C writes and TypeScript reads: its layout here, and the check of it at load.
import type { Hit } from "./engine.ts";
import { AddonError } from "./errors.ts";

/** In the order of `vindex_hit_layout`. */
const hit = { size: 16, score: 0, id: 8 } as const;

/** @throws {AddonError} `backend_unavailable` if the compiler chose another layout than the one above. */
export function checkLayout(layout: (field: number) => number): void {
  for (const [index, [field, expected]] of Object.entries(hit).entries()) {
    const actual = layout(index);
    if (actual === expected) continue;
    throw new AddonError(
      "backend_unavailable",
      `vindex_hit.${field} is ${actual} in C and ${expected} in src/layout.ts`,
    );
  }
}

/** Allocates memory for `count` structs. @throws {AddonError} `out_of_memory`, in Bun for more than 4 GiB. */
export function allocateHits(count: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(count * hit.size);
  } catch (cause) {
    throw new AddonError("out_of_memory", `There is no memory for ${count} hits.`, { cause });
  }
}

export function readHits(memory: Uint8Array<ArrayBuffer>, count: number): Hit[] {
  const view = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, index) => ({
    id: view.getUint32(index * hit.size + hit.id, true),
    score: view.getFloat64(index * hit.size + hit.score, true),
  }));
}

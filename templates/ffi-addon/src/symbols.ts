// native/addon.h as TypeScript: functions, statuses, the layout of a struct, and limits. bun:ffi can't see C types, so this is by hand.
import type { FFIFunction, Library } from "bun:ffi";

export const declarations = {
  addon_add: { args: ["i32", "i32"], returns: "i32" },
  addon_sqrt: { args: ["f64"], returns: "f64" },
  addon_simd: { args: [], returns: "cstring" },
  vindex_create: { args: ["u32", "u32"], returns: "ptr" },
  vindex_free: { args: ["ptr"], returns: "void" },
  vindex_reserve: { args: ["ptr", "u32"], returns: "ptr" },
  vindex_commit: { args: ["ptr", "u32"], returns: "i32" },
  vindex_append: { args: ["ptr", "ptr", "u32"], returns: "i32" },
  vindex_vectors: { args: ["ptr"], returns: "ptr" },
  vindex_search: { args: ["ptr", "ptr", "u32", "ptr", "ptr", "ptr"], returns: "i32" },
  // #region worker
  vindex_search_address: { args: [], returns: "ptr" },
  // #endregion
} as const satisfies Record<string, FFIFunction>;

export type Symbols = Library<typeof declarations>["symbols"];

/** `enum addon_status`. */
export const status = {
  ok: 0,
  invalid: 1,
  outOfMemory: 2,
  notFinite: 3,
  stopped: 4,
  cancelled: 5,
} as const;

/** `vindex_hit`: its size, and the offset of each field. test/border.test.ts compares it with native/addon.h. */
export const hitLayout = { size: 16, score: 0, id: 8 } as const;

export const maxDimensions = 65_536;
export const maxSize = 2 ** 31 - 1;

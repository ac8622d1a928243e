// Keeps a value over the reloads of `bun --hot`, which evaluates every module again.

/** Returns the value that an earlier evaluation created under this name, or creates it. */
export function keepOverReloads<Value>(name: string, create: () => Value): Value {
  const kept = globalThis as unknown as Record<symbol, Value | undefined>;
  const key = Symbol.for(name);
  const value = kept[key] ?? create();
  kept[key] = value;
  return value;
}

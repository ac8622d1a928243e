// What outlives a hot reload: `bun --hot` evaluates every module again, but keeps globalThis, sockets and timers.

interface Held {
  readonly value: unknown;
  readonly dispose?: () => void;
  /** Whether the code before the last edit opened it. */
  old?: boolean;
}

declare global {
  var heldThings: Map<string, Held> | undefined;
}

globalThis.heldThings ??= new Map();
const held = globalThis.heldThings;
for (const thing of held.values()) thing.old = true;

/**
 * Opens a thing once and gives the same one after each reload: state, sockets, servers.
 * Hold data, not behaviour: the methods of an object are those of the code that made it.
 */
export function keep<T>(name: string, open: () => T): T {
  const known = held.get(name);
  if (known) return known.value as T;
  const value = open();
  held.set(name, { value });
  return value;
}

/**
 * Opens a thing anew on each reload and disposes of the one before: timers, listeners and whatever
 * else must run the new code. If it does not open, the one before stays.
 */
export function renew<T>(name: string, open: () => T, dispose: (value: T) => void): T {
  const before = held.get(name);
  const value = open();
  held.set(name, { value, dispose: () => dispose(value) });
  before?.dispose?.();
  return value;
}

/** After an edit, disposes of what only the code before it renewed: the present code has no use for it. */
export function disposeLeftOver(): void {
  for (const [name, { dispose, old }] of held) {
    if (!dispose || !old) continue;
    dispose();
    held.delete(name);
  }
}

/** Disposes of everything that has to be, when the service stops. */
export function release(): void {
  for (const { dispose } of held.values()) dispose?.();
  held.clear();
}

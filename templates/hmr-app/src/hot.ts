// Data that survives a hot reload: `bun --hot` evaluates every module again, but keeps globalThis, sockets and timers.

declare global {
  var hotData: Map<string, unknown> | undefined;
}

globalThis.hotData ??= new Map();
const values = globalThis.hotData;

export const hot = {
  /**
   * Returns the value stored under `name`, or creates and stores it. In production that happens once.
   * Store data, not functions or class instances: their code would be that of the version that created them.
   */
  data<T>(name: string, create: () => T): T {
    if (!values.has(name)) values.set(name, create());
    return values.get(name) as T;
  },
};

// Values of a module that survive a hot reload, and callbacks that run once newer code has replaced the module.
// Like `import.meta.hot`, which `bun --hot` does not support yet: https://github.com/oven-sh/bun/pull/32856
import type { Resource, Service } from "#lib/service";

export interface Hot<Data> {
  /**
   * Survives a reload: `data.cache ??= new Map()`. A value with `Symbol.dispose` or `Symbol.asyncDispose`,
   * such as a database handle, is disposed of when the process stops.
   */
  readonly data: Partial<Data>;
  /** Runs `callback` once newer code has replaced this module, and when the process stops. A promise is awaited. */
  dispose(callback: Cleanup): void;
}

type Cleanup = () => unknown;

interface Store {
  readonly data: Map<string, object>;
  /**
   * `dispose` callbacks of an evaluation that no service has taken over yet. `hotModules` takes them over. The next evaluation
   * runs any that are left.
   */
  pendingCleanups: Cleanup[];
}

declare global {
  var hotStore: Store | undefined;
}

globalThis.hotStore ??= { data: new Map(), pendingCleanups: [] };
const store = globalThis.hotStore;

// Each reload evaluates this module again.
runAll(store.pendingCleanups.splice(0)).catch(console.error);
/** Callbacks of this evaluation. Code may add some later, for example when a request imports a module. */
const cleanups: Cleanup[] = [];
store.pendingCleanups = cleanups;

/**
 * @param name a unique name for the module; `import.meta.path` is the same for all modules of dist/main.js. Names that start
 * with `dev:` belong to src/dev/.
 */
export function createHot<Data>(name: string): Hot<Data> {
  const data = store.data.get(name) ?? {};
  store.data.set(name, data);
  return { data: data as Partial<Data>, dispose: (callback) => cleanups.push(callback) };
}

/** Returns a resource that runs the `dispose` callbacks of this evaluation. Register it first, so that it closes last. */
export function hotModules(service: Service): Resource {
  if (store.pendingCleanups === cleanups) store.pendingCleanups = [];
  const close = () => {
    const callbacks = cleanups.splice(0).toReversed();
    return runAll(service.isStopping ? [...callbacks, disposeOfData] : callbacks);
  };
  return { close };
}

/** For a process that stops: runs the callbacks of code that failed to load, and disposes of the values in `data`. */
export function disposeOfData(): Promise<void> {
  const values = [...store.data.values()].flatMap((data) => Object.values(data));
  const disposals = values.map((value) => () => disposeOf(value));
  return runAll([...store.pendingCleanups.splice(0).toReversed(), ...disposals]);
}

async function disposeOf(value: Partial<Disposable & AsyncDisposable> | undefined): Promise<void> {
  if (value?.[Symbol.asyncDispose]) await value[Symbol.asyncDispose]?.();
  else value?.[Symbol.dispose]?.();
}

/** Runs one after the other. A failure does not keep the others from running. @throws {AggregateError} with the failures. */
async function runAll(cleanups: readonly Cleanup[]): Promise<void> {
  const errors: unknown[] = [];
  for (const cleanup of cleanups) {
    try {
      await cleanup();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, "A dispose callback or disposal failed.");
}

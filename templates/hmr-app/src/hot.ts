// Values of a module that survive a hot reload, and callbacks that run once newer code has replaced the module.
// Like `import.meta.hot`, which `bun --hot` does not support yet: https://github.com/oven-sh/bun/pull/32856
import { Lifecycle, type Resource, type Service } from "#lib/service";

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
   * Callbacks of the latest evaluation. `hotModules` moves them to its service. If the code fails before that, the next
   * evaluation runs them.
   */
  pendingCleanups: Cleanup[];
}

declare global {
  var hotStore: Store | undefined;
}

globalThis.hotStore ??= { data: new Map(), pendingCleanups: [] };
const store = globalThis.hotStore;

// Each reload evaluates this module again. Callbacks that are still pending are those of code that failed before `hotModules`.
const failedCode = new Lifecycle();
runAtClose(failedCode, store.pendingCleanups.splice(0));
failedCode.close();
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
  // This evaluation has not failed: the service runs its callbacks. A later evaluation may have replaced the list already.
  if (store.pendingCleanups === cleanups) store.pendingCleanups = [];
  // Registers the callbacks when the service closes, because requests may add some until then. The service runs these, too.
  const close = () => {
    if (service.isStopping) disposeOfData(service);
    runAtClose(service, cleanups.splice(0));
  };
  return { close };
}

/** For a process that stops: registers with `service` the values in `data`, and the callbacks of code that failed to load. */
export function disposeOfData(service: Service): void {
  const values = [...store.data.values()].flatMap((data) => Object.values(data));
  const disposals = values.map((value) => () => disposeOf(value));
  runAtClose(service, [...disposals, ...store.pendingCleanups.splice(0)]);
}

async function disposeOf(value: Partial<Disposable & AsyncDisposable> | undefined): Promise<void> {
  if (value?.[Symbol.asyncDispose]) await value[Symbol.asyncDispose]?.();
  else value?.[Symbol.dispose]?.();
}

/** Registers each callback on its own, so that one that hangs or fails does not keep the others from running. */
function runAtClose(service: Service, callbacks: readonly Cleanup[]): void {
  for (const callback of callbacks) service.use({ close: async () => void (await callback()) });
}

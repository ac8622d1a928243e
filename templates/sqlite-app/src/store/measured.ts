// Measures the queries of a store, by the name of its method.
import type { Metrics } from "#lib/metrics";
import type { Store } from "./store.ts";

/** Returns a store that counts and times every call of `store`; `store` itself if no metrics are served. */
export function measureQueries(store: Store, metrics: Metrics): Store {
  if (!metrics.isServed) return store;
  const queries = metrics.counter({
    name: "db_queries_total",
    help: "Queries by the name of the store's method.",
    labels: ["name"],
  });
  const durations = metrics.histogram({
    name: "db_query_duration_seconds",
    help: "Seconds until a query has its result, by the name of the store's method.",
    labels: ["name"],
  });
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function" || typeof name !== "string") return member;
      return (...args: unknown[]) => {
        const started = performance.now();
        queries.inc({ name });
        const result = Reflect.apply(member, target, args);
        const record = () => durations.observe({ name }, (performance.now() - started) / 1000);
        // A generator has no single result; only its calls are counted.
        if (result instanceof Promise) result.then(record, record);
        return result;
      };
    },
  });
}

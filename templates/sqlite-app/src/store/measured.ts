// Measures the queries of a store per method.
import type { Metrics } from "#lib/metrics";

/** Returns a function that wraps a store to count and time its calls. Without metrics, it returns the store unchanged. */
export function queryMeasurer(metrics: Metrics): <Store extends object>(store: Store) => Store {
  if (!metrics.isServed) return (store) => store;
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
  return (store) =>
    new Proxy(store, {
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

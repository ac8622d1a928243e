// placeholder until the module lands
import type { MiddlewareHandler } from "hono";
export class Metrics {
  counter(_o: { name: string; help: string; labels?: readonly string[] }) {
    return { inc(_labels?: object, _n?: number) {} };
  }
  gauge(_o: { name: string; help: string; labels?: readonly string[]; collect?: () => number }) {
    return { set(_n: number) {} };
  }
  histogram(_o: {
    name: string;
    help: string;
    labels?: readonly string[];
    buckets?: readonly number[];
  }) {
    return { observe(_labels: object, _n: number) {} };
  }
}
export function httpMetrics(_m: Metrics): MiddlewareHandler {
  return (_c, next) => next();
}
export function serveMetrics(_m: Metrics, _o: { hostname: string; port: number }) {
  return { stop(_force: boolean) {} };
}

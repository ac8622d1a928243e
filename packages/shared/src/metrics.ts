// Prometheus metrics: counters, gauges and histograms of bounded size, and the listener that is scraped.
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { log } from "./log.ts";

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Label sets per metric; further ones are recorded in one series whose labels are all `overflow`. */
const MAX_SERIES = 1000;

/** Upper bounds in seconds, from a response served from memory to a slow upload. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Labels = Readonly<Record<string, string>>;

export interface MetricOptions {
  /** Ends in the unit, such as `_seconds` or `_bytes`; the name of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Names of the labels. Take their values from a small set: each combination is kept in memory. */
  readonly labels?: readonly string[];
}

export interface ReadOptions {
  readonly name: string;
  readonly help: string;
  /** Returns the value; called at each scrape. */
  readonly read: () => number;
}

export interface Counter {
  readonly inc: (labels?: Labels, by?: number) => void;
  /** The counter of one label set, for hot paths: `inc` has to find it each time. */
  readonly with: (labels: Labels) => { readonly inc: (by?: number) => void };
}

export interface Histogram {
  readonly observe: (labels: Labels, seconds: number) => void;
  readonly with: (labels: Labels) => { readonly observe: (seconds: number) => void };
}

/** All metrics of a service. */
export class Metrics {
  readonly #names = new Set<string>();
  readonly #families: (() => string)[] = [];

  /** @param isServed whether the metrics can be scraped; if not, requests are not recorded. */
  constructor(readonly isServed = true) {}

  /** A number that only increases. */
  counter(options: MetricOptions): Counter {
    const series = new SeriesMap(options, () => ({ value: 0 }));
    this.#add("counter", options, () =>
      series.map((labels, { value }) => sample(options.name, labels, value)),
    );
    const bind = (labels: Labels) => {
      const state = series.find(labels);
      return {
        inc: (by = 1) => {
          state.value += by;
        },
      };
    };
    return { with: bind, inc: (labels = {}, by = 1) => bind(labels).inc(by) };
  }

  /** A number that goes up and down, read at each scrape. */
  gauge({ name, help, read }: ReadOptions): void {
    this.#add("gauge", { name, help }, () => sample(name, "", read()));
  }

  /** A number that only increases and that is counted elsewhere, read at each scrape. */
  total({ name, help, read }: ReadOptions): void {
    this.#add("counter", { name, help }, () => sample(name, "", read()));
  }

  /** Counts durations in buckets, from which Prometheus estimates quantiles. */
  histogram(options: MetricOptions): Histogram {
    const series = new SeriesMap(options, () => ({
      counts: [...BUCKETS, Number.POSITIVE_INFINITY].map(() => 0),
      sum: 0,
    }));
    this.#add("histogram", options, () =>
      series.map((labels, state) => writeHistogram(options.name, labels, state)),
    );
    const bind = (labels: Labels) => {
      const state = series.find(labels);
      return {
        observe: (seconds: number) => {
          let bucket = 0;
          while (seconds > (BUCKETS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
          state.counts[bucket] = (state.counts[bucket] ?? 0) + 1;
          state.sum += seconds;
        },
      };
    };
    return { with: bind, observe: (labels, seconds) => bind(labels).observe(seconds) };
  }

  /** Writes all metrics in the Prometheus text format 0.0.4. */
  render(): string {
    return this.#families.map((family) => family()).join("");
  }

  #add(type: string, { name, help }: MetricOptions, samples: () => string): void {
    if (this.#names.has(name)) throw new RangeError(`The metric ${name} exists already.`);
    this.#names.add(name);
    this.#families.push(() => {
      try {
        return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples()}`;
      } catch (error) {
        // The other metrics are still useful, above all during an outage.
        log.warn("{metric} cannot be read: {error}", { metric: name, error });
        return "";
      }
    });
  }
}

/** One state `S` per label set, at most `MAX_SERIES` of them. */
class SeriesMap<S> {
  /** By label set, as it is written. */
  readonly #states = new Map<string, S>();
  readonly #labels: readonly string[];

  constructor(
    readonly options: MetricOptions,
    readonly create: () => S,
  ) {
    this.#labels = options.labels ?? [];
    // Without labels it exists from the start, so that a rate includes the first event.
    if (this.#labels.length === 0) this.find({});
  }

  find(values: Labels): S {
    const key = this.#keyOf((label) => values[label] ?? "");
    return this.#states.get(key) ?? this.#add(key);
  }

  map(write: (labels: string, state: S) => string): string {
    return [...this.#states].map(([labels, state]) => write(labels, state)).join("");
  }

  #add(key: string): S {
    const isFull = this.#states.size >= MAX_SERIES;
    if (this.#states.size === MAX_SERIES) {
      log.warn("{metric} has too many label sets", { metric: this.options.name });
    }
    const used = isFull ? this.#keyOf(() => "overflow") : key;
    const state = this.#states.get(used) ?? this.create();
    this.#states.set(used, state);
    return state;
  }

  #keyOf(textOf: (label: string) => string): string {
    return this.#labels.map((label) => `${label}="${escapeValue(textOf(label))}"`).join(",");
  }
}

interface HistogramState {
  /** Observations per bucket, not cumulative; the last bucket has no upper bound. */
  readonly counts: readonly number[];
  readonly sum: number;
}

function writeHistogram(name: string, labels: string, { counts, sum }: HistogramState): string {
  const prefix = labels === "" ? "" : `${labels},`;
  let total = 0;
  const buckets = counts.map((count, i) => {
    total += count;
    return sample(`${name}_bucket`, `${prefix}le="${BUCKETS[i] ?? "+Inf"}"`, total);
  });
  return [
    ...buckets,
    sample(`${name}_sum`, labels, sum),
    sample(`${name}_count`, labels, total),
  ].join("");
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === "" ? "" : `{${labels}}`} ${value}\n`;
}

function escapeValue(text: string): string {
  return /[\\\n"]/.test(text)
    ? text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')
    : text;
}

/** Methods that are recorded by name; any other one is recorded as `other`. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Returns a function that records a request: its status, and the seconds until its response started.
 * The label `route` is the pattern of the route, such as `/api/messages/:id`, never the path.
 */
export function httpMetrics(metrics: Metrics) {
  const requests = metrics.counter({
    name: "http_requests_total",
    help: "HTTP requests by method, route pattern and response status.",
    labels: ["method", "route", "status"],
  });
  const durations = metrics.histogram({
    name: "http_request_duration_seconds",
    help: "Seconds from the request until its response starts.",
    labels: ["method", "route"],
  });
  const bind = (method: string, route: string, status: number) => ({
    requests: requests.with({ method, route, status: String(status) }),
    durations: durations.with({ method, route }),
  });
  const known = new Map<string, ReturnType<typeof bind>>();
  return (c: Context, status: number, seconds: number): void => {
    const method = METHODS.has(c.req.method) ? c.req.method : "other";
    const route = routeOf(c);
    const key = `${status} ${method} ${route}`;
    const bound = known.get(key) ?? bind(method, route, status);
    known.set(key, bound);
    bound.requests.inc();
    bound.durations.observe(seconds);
  };
}

/** The pattern of the matching route, also when middleware responds before it: `/a/:id` for `/a/:id{[0-9]+}`. */
function routeOf(c: Context): string {
  // Hono registers middleware for the method "ALL".
  const path = matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path ?? "unmatched";
  return path.includes("{") ? path.replaceAll(/(:\w+)\{.*?\}(?=\/|$)/g, "$1") : path;
}

/** Milliseconds between two probes of the event loop. */
const LAG_INTERVAL_MS = 100;

/** https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics */
function processMetrics(metrics: Metrics): Timer {
  const startTime = Date.now() / 1000 - process.uptime();
  metrics.gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process since the Unix epoch in seconds.",
    read: () => startTime,
  });
  metrics.total({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time in seconds.",
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
  metrics.gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    read: () => process.memoryUsage.rss(),
  });
  metrics.gauge({
    name: "process_heap_bytes",
    help: "Size of the JavaScript heap in use in bytes.",
    read: () => process.memoryUsage().heapUsed,
  });
  const lag = metrics.histogram({
    name: "event_loop_lag_seconds",
    help: "Seconds by which a timer fires late, sampled ten times per second.",
  });
  let due = performance.now() + LAG_INTERVAL_MS;
  return setInterval(() => {
    const now = performance.now();
    lag.observe({}, Math.max(0, now - due) / 1000);
    due = now + LAG_INTERVAL_MS;
  }, LAG_INTERVAL_MS).unref();
}

/**
 * Adds the process metrics and serves `GET /metrics`, and nothing else, on a port of its own.
 * @returns the URL, and a function that stops listening.
 */
export function serveMetrics(metrics: Metrics, address: { hostname: string; port: number }) {
  const headers = { "content-type": CONTENT_TYPE };
  const scrape = () => new Response(metrics.render(), { headers });
  const server = Bun.serve({
    ...address,
    // Otherwise two services could share the port, and each would get some of the scrapes.
    reusePort: false,
    development: false,
    routes: { "/metrics": { GET: scrape } },
    fetch: () => new Response(null, { status: 404 }),
  });
  const timer = processMetrics(metrics);
  return {
    url: new URL("/metrics", server.url).href,
    async close(): Promise<void> {
      clearInterval(timer);
      await server.stop(true);
    },
  };
}

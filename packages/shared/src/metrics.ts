// Prometheus metrics: counters, gauges and histograms of bounded size, and the listener that is scraped.
import { log } from "./log.ts";

/** Label sets per metric; further ones are recorded in one series whose labels are all `overflow`. */
const MAX_SERIES = 1000;

/** Upper bounds in seconds, from a response served from memory to a slow upload. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Labels = Readonly<Record<string, string>>;

interface MetricOptions {
  /** By convention, it ends in the unit, such as `_seconds` or `_bytes`, and that of a counter in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Names of the labels. Take their values from a small set: each combination is kept in memory. */
  readonly labels?: readonly string[];
}

interface ReadOptions extends Omit<MetricOptions, "labels"> {
  /** Returns the value; called at each scrape. */
  readonly read: () => number;
}

/** The series of one metric, at most `MAX_SERIES` of them. */
class Family<S extends CountSeries | DurationSeries> {
  /** By label set, as it is written. */
  readonly #series = new Map<string, S>();

  constructor(
    readonly options: MetricOptions,
    readonly create: () => S,
  ) {
    // Without labels it exists from the start, so that a rate includes the first event.
    if (!options.labels) this.with({});
  }

  /** The series of one label set. Hot paths keep it, because finding it costs more than using it. */
  with(values: Labels): S {
    const key = this.#keyOf((label) => values[label] ?? "");
    return this.#series.get(key) ?? this.#add(key);
  }

  #add(key: string): S {
    const { size } = this.#series;
    if (size === MAX_SERIES) {
      log.warn("{metric} has too many label sets", { metric: this.options.name });
    }
    const used = size < MAX_SERIES ? key : this.#keyOf(() => "overflow");
    const series = this.#series.get(used) ?? this.create();
    this.#series.set(used, series);
    return series;
  }

  #keyOf(textOf: (label: string) => string): string {
    const { labels = [] } = this.options;
    return labels.map((label) => `${label}="${escapeValue(textOf(label))}"`).join(",");
  }

  render(): string {
    const { name } = this.options;
    return [...this.#series].map(([labels, series]) => series.render(name, labels)).join("");
  }
}

function escapeValue(text: string): string {
  return text.replace(/[\\\n"]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels && `{${labels}}`} ${value}\n`;
}

class CountSeries {
  #value = 0;

  inc(by = 1): void {
    this.#value += by;
  }

  render(name: string, labels: string): string {
    return sample(name, labels, this.#value);
  }
}

class DurationSeries {
  /** Observations per bucket, not cumulative; the last bucket has no upper bound. */
  readonly #counts = Array<number>(BUCKETS.length + 1).fill(0);
  #sum = 0;

  observe(seconds: number): void {
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    const index = bucket === -1 ? BUCKETS.length : bucket;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += seconds;
  }

  render(name: string, labels: string): string {
    let total = 0;
    const buckets = this.#counts.map((count, i) => {
      total += count;
      const bound = `${labels && `${labels},`}le="${BUCKETS[i] ?? "+Inf"}"`;
      return sample(`${name}_bucket`, bound, total);
    });
    const sum = sample(`${name}_sum`, labels, this.#sum);
    return buckets.join("") + sum + sample(`${name}_count`, labels, total);
  }
}

/** A number that only increases. */
export class Counter extends Family<CountSeries> {
  inc(labels: Labels = {}, by = 1): void {
    this.with(labels).inc(by);
  }
}

/** Durations, counted in buckets, from which Prometheus estimates quantiles. */
class Histogram extends Family<DurationSeries> {
  observe(labels: Labels, seconds: number): void {
    this.with(labels).observe(seconds);
  }
}

/** All metrics of a service. */
export class Metrics {
  readonly #renderers = new Map<string, () => string>();

  /** Undefined if the metrics cannot be scraped. */
  readonly recordRequest: ReturnType<typeof requestRecorder> | undefined;

  /** @param isServed whether the metrics can be scraped; if not, requests are not recorded. */
  constructor(readonly isServed = true) {
    this.recordRequest = isServed ? requestRecorder(this) : undefined;
  }

  counter(options: MetricOptions): Counter {
    const counter = new Counter(options, () => new CountSeries());
    this.#add("counter", options, () => counter.render());
    return counter;
  }

  histogram(options: MetricOptions): Histogram {
    const histogram = new Histogram(options, () => new DurationSeries());
    this.#add("histogram", options, () => histogram.render());
    return histogram;
  }

  /** A number that goes up and down, read at each scrape. */
  gauge({ read, ...options }: ReadOptions): void {
    this.#add("gauge", options, () => sample(options.name, "", read()));
  }

  /** A number that only increases and that is counted elsewhere, read at each scrape. */
  total({ read, ...options }: ReadOptions): void {
    this.#add("counter", options, () => sample(options.name, "", read()));
  }

  /** All metrics in the Prometheus text format 0.0.4. */
  render(): string {
    return [...this.#renderers.values()].map((render) => render()).join("");
  }

  #add(type: string, { name, help }: MetricOptions, render: () => string): void {
    if (this.#renderers.has(name)) throw new RangeError(`The metric ${name} exists already.`);
    this.#renderers.set(name, () => {
      try {
        return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${render()}`;
      } catch (error) {
        // The other metrics are still useful, above all during an outage.
        log.warn("{metric} cannot be read: {error}", { metric: name, error });
        return "";
      }
    });
  }
}

/** Methods that are recorded by name; any other one is recorded as `other`. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Returns a function that records a request: its route if one matches, and the seconds until its response started. */
function requestRecorder(metrics: Metrics) {
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
  /** Finding a series by its labels costs more than counting. */
  const known = new Map<string, { requests: CountSeries; durations: DurationSeries }>();
  return (verb: string, path = "unmatched", status: number, seconds: number): void => {
    const method = METHODS.has(verb) ? verb : "other";
    const key = `${method} ${status} ${path}`;
    let series = known.get(key);
    if (!series) {
      const labels = { method, route: patternOf(path), status: String(status) };
      series = { requests: requests.with(labels), durations: durations.with(labels) };
      known.set(key, series);
    }
    series.requests.inc();
    series.durations.observe(seconds);
  };
}

/** `/a/:id` for `/a/:id{[0-9]+}`. */
function patternOf(path: string): string {
  return path.replaceAll(/(:\w+)\{.*?\}(?=\/|$)/g, "$1");
}

/** Milliseconds between two probes of the event loop. */
const LAG_INTERVAL_MS = 100;

/** https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics */
function processMetrics(metrics: Metrics): Timer {
  const startTime = Date.now() / 1000 - process.uptime();
  const gauges: [string, string, () => number][] = [
    ["process_start_time_seconds", "Start time since the Unix epoch.", () => startTime],
    ["process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss()],
    ["process_heap_bytes", "JavaScript heap in use.", () => process.memoryUsage().heapUsed],
  ];
  for (const [name, help, read] of gauges) metrics.gauge({ name, help, read });
  metrics.total({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time in seconds.",
    read: () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
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
 * Adds the process metrics and serves `GET /metrics`, and nothing else, on a separate port.
 * @returns the URL, and a function that stops listening.
 */
export function serveMetrics(metrics: Metrics, address: { hostname: string; port: number }) {
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
  const respond = () => new Response(metrics.render(), { headers });
  const server = Bun.serve({
    ...address,
    // With it, two services could share the port, and each would get some of the scrapes.
    reusePort: false,
    // In seconds: longer than the usual interval between scrapes, so that the scraper can reuse its connection.
    idleTimeout: 120,
    development: false,
    routes: { "/metrics": { GET: respond } },
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

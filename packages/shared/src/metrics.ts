// Prometheus metrics: counters, gauges and histograms of bounded size, and the listener that is scraped.
import { log } from "./log.ts";

/** Label sets per metric; further ones are recorded in one series whose labels are all `overflow`. */
const MAX_SERIES = 1000;

/** Upper bounds of a histogram's buckets in seconds, from a response served from memory to a slow upload. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity];

type Labels = Readonly<Record<string, string>>;

interface MetricOptions {
  /** By convention, it ends in the unit, such as `_seconds` or `_bytes`; the name of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Names of the labels. Take their values from a small set: each combination is kept in memory. */
  readonly labels?: readonly string[];
}

interface ReadOptions extends Omit<MetricOptions, "labels"> {
  /** Returns the value; called at each scrape. */
  readonly read: () => number;
}

interface Renderable {
  readonly options: MetricOptions;
  render(): string;
}

/** A metric: a series per label set. */
class Metric<Series extends CountSeries | DurationSeries> {
  /** By label set, as the text format has it: `method="GET",status="200"`. */
  readonly #series = new Map<string, Series>();

  constructor(
    readonly options: MetricOptions,
    readonly create: () => Series,
  ) {
    // A metric without labels is 0 from the start, so that a rate includes the first event.
    if (!options.labels) this.with({});
  }

  /** The series of one label set. Hot paths keep it, because finding it costs more than using it. */
  with(values: Labels): Series {
    const { name } = this.options;
    const { size } = this.#series;
    let key = this.#keyOf((label) => values[label] ?? "");
    if (size >= MAX_SERIES && !this.#series.has(key)) {
      // Warns once: the series `overflow`, which is added next, makes the size greater than `MAX_SERIES`.
      if (size === MAX_SERIES) log.warn("{metric} has too many label sets", { metric: name });
      key = this.#keyOf(() => "overflow");
    }
    return this.#series.getOrInsertComputed(key, this.create);
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

/** A line of the text format. */
function sample(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
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
  /** The counts are not cumulative, unlike those of the text format. */
  readonly #buckets = BOUNDS.map((bound) => ({ bound, count: 0 }));
  #sum = 0;

  observe(seconds: number): void {
    const bucket = this.#buckets.find(({ bound }) => seconds <= bound);
    if (bucket) bucket.count += 1;
    this.#sum += seconds;
  }

  render(name: string, labels: string): string {
    const prefix = labels === "" ? "" : `${labels},`;
    let total = 0;
    let text = "";
    for (const { bound, count } of this.#buckets) {
      total += count;
      const le = bound === Infinity ? "+Inf" : bound;
      text += sample(`${name}_bucket`, `${prefix}le="${le}"`, total);
    }
    text += sample(`${name}_sum`, labels, this.#sum);
    return text + sample(`${name}_count`, labels, total);
  }
}

/** A number that only increases. */
export class Counter extends Metric<CountSeries> {
  inc(labels: Labels = {}, by = 1): void {
    this.with(labels).inc(by);
  }
}

/** Durations, counted in buckets, from which Prometheus estimates quantiles. */
class Histogram extends Metric<DurationSeries> {
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
    return this.#add("counter", new Counter(options, () => new CountSeries()));
  }

  histogram(options: MetricOptions): Histogram {
    return this.#add("histogram", new Histogram(options, () => new DurationSeries()));
  }

  /** A number that is kept elsewhere, and read at each scrape. Its type is `counter` if the name ends in `_total`. */
  gauge({ read, ...options }: ReadOptions): void {
    const type = options.name.endsWith("_total") ? "counter" : "gauge";
    this.#add(type, { options, render: () => sample(options.name, "", read()) });
  }

  /** All metrics in the Prometheus text format 0.0.4. */
  render(): string {
    return [...this.#renderers.values()].map((render) => render()).join("");
  }

  #add<M extends Renderable>(type: string, metric: M): M {
    const { name, help } = metric.options;
    if (this.#renderers.has(name)) throw new RangeError(`The metric ${name} exists already.`);
    this.#renderers.set(name, () => {
      try {
        return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${metric.render()}`;
      } catch (error) {
        // The other metrics are still useful, above all during an outage.
        log.warn("{metric} cannot be read: {error}", { metric: name, error });
        return "";
      }
    });
    return metric;
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
    const series = known.getOrInsertComputed(`${method} ${status} ${path}`, () => {
      const labels = { method, route: patternOf(path), status: String(status) };
      return { requests: requests.with(labels), durations: durations.with(labels) };
    });
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
  const startTime = performance.timeOrigin / 1000;
  const cpuSeconds = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
  const gauges: [string, string, () => number][] = [
    ["process_start_time_seconds", "Start time since the Unix epoch.", () => startTime],
    ["process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss()],
    ["process_heap_bytes", "JavaScript heap in use.", () => process.memoryUsage().heapUsed],
    ["process_cpu_seconds_total", "User and system CPU time in seconds.", cpuSeconds],
  ];
  for (const [name, help, read] of gauges) metrics.gauge({ name, help, read });
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

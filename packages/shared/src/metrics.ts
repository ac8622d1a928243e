// Prometheus metrics: counters, gauges and histograms of bounded size, and the listener that Prometheus scrapes.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { getLogger } from "@logtape/logtape";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { findTargetHandler, isMiddleware } from "hono/utils/handler";

/**
 * Content type of the text format that `Metrics.render` writes.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Maximum number of label sets per metric. Labels with unbounded values would exhaust memory. */
const MAX_SERIES = 1000;

/** Value of every label in the one additional series that records everything beyond `MAX_SERIES`. */
const OVERFLOW = "overflow";

/** A scrape waits this long for each `collect` callback, because a store may not respond. */
const COLLECT_TIMEOUT_MS = 1000;

/** Upper bounds in seconds, from an in-memory response to a slow upload. */
const HTTP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const log = getLogger(["app", "metrics"]);

/** A value for each label; `{}` for a metric without labels. */
export type Labels<L extends string> = [L] extends [never]
  ? Readonly<Record<string, never>>
  : Readonly<Record<L, string>>;

export interface MetricOptions<L extends string> {
  /** Unique per registry. Ends in the unit, such as `_seconds` or `_bytes`; a counter in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Each combination of label values is a series, so take values from a small, fixed set. */
  readonly labels?: readonly L[];
}

export interface ValueOptions<L extends string> extends MetricOptions<L> {
  /**
   * Called on each scrape. Returns the value, or one value per label set, and replaces all values set
   * before. If it fails or takes longer than a second, the scrape omits this metric.
   */
  readonly collect?: () => Collected<L> | Promise<Collected<L>>;
}

export type Collected<L extends string> = number | Iterable<readonly [Labels<L>, number]>;

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds in ascending order, without infinity. The default suits HTTP, in seconds. */
  readonly buckets?: readonly number[];
}

/** Finds the series of a label set and writes them all. `S` is the state of one series. */
abstract class Metric<L extends string, S> {
  readonly name: string;
  readonly #header: string;
  readonly #labels: readonly L[];
  #series = new Map<string, { readonly labels: string; readonly state: S }>();
  #hasOverflowed = false;

  constructor(type: string, { name, help, labels = [] }: MetricOptions<L>) {
    if (!/^[a-zA-Z_:][\w:]*$/.test(name)) throw new RangeError(`Invalid metric name: ${name}`);
    const invalid = labels.find((label) => !/^(?!__|le$)[a-zA-Z_]\w*$/.test(label));
    if (invalid !== undefined) throw new RangeError(`Invalid label of ${name}: ${invalid}`);
    this.name = name;
    this.#header = `# HELP ${name} ${escapeText(help, /[\\\n]/g)}\n# TYPE ${name} ${type}\n`;
    this.#labels = labels;
  }

  protected abstract create(): S;
  protected abstract samples(state: S, labels: string): string;

  protected find(labels: Readonly<Record<string, string>> = {}): S {
    let key = "";
    for (const label of this.#labels) key += `${labels[label]}\0`;
    return this.#series.get(key)?.state ?? this.#add(key, labels);
  }

  #add(key: string, labels: Readonly<Record<string, string>>): S {
    const isOverflow = this.#labels.every((label) => labels[label] === OVERFLOW);
    if (this.#series.size >= MAX_SERIES && !isOverflow) {
      const context = { metric: this.name, max: MAX_SERIES, overflow: OVERFLOW };
      if (!this.#hasOverflowed) {
        log.warn("{metric} has {max} label sets; others are recorded as {overflow}", context);
      }
      this.#hasOverflowed = true;
      return this.find(Object.fromEntries(this.#labels.map((label) => [label, OVERFLOW])));
    }
    const pairs = this.#labels.map((label) => `${label}="${escapeText(`${labels[label]}`)}"`);
    const state = this.create();
    this.#series.set(key, { labels: pairs.join(","), state });
    return state;
  }

  protected clear(): void {
    this.#series.clear();
  }

  async render(): Promise<string> {
    if (this.#labels.length === 0) this.find();
    const samples = [...this.#series.values()].map(({ state, labels }) =>
      this.samples(state, labels),
    );
    return this.#header + samples.join("");
  }
}

class ValueMetric<L extends string> extends Metric<L, { value: number }> {
  readonly #collect: ValueOptions<L>["collect"];

  constructor(type: "counter" | "gauge", { collect, ...options }: ValueOptions<L>) {
    super(type, options);
    this.#collect = collect;
  }

  /** @throws {RangeError} when `by` is negative or NaN. */
  inc(...args: [L] extends [never] ? [labels?: Labels<L>, by?: number] : [Labels<L>, by?: number]) {
    const [labels, by = 1] = args;
    if (!(by >= 0)) throw new RangeError(`${this.name} cannot increase by ${by}`);
    this.find(labels).value += by;
  }

  set(labels: Labels<L>, value: number): void {
    this.find(labels).value = value;
  }

  override async render(): Promise<string> {
    if (!this.#collect) return super.render();
    try {
      const result = this.#collect();
      const collected = result instanceof Promise ? await withTimeout(result) : result;
      this.clear();
      if (typeof collected === "number") this.find().value = collected;
      else for (const [labels, value] of collected) this.find(labels).value += value;
      return super.render();
    } catch (error) {
      log.warn("{metric} is missing from a scrape: {error}", { metric: this.name, error });
      return "";
    }
  }

  protected override create() {
    return { value: 0 };
  }

  protected override samples({ value }: { value: number }, labels: string): string {
    return sample(this.name, labels, value);
  }
}

/** A number that only increases. */
export type Counter<L extends string = never> = Pick<ValueMetric<L>, "inc">;

/** A number that goes up and down. */
export type Gauge<L extends string = never> = Pick<ValueMetric<L>, "set">;

interface Distribution {
  /** Observations per bucket, not cumulative; the last bucket has no bound. */
  readonly counts: number[];
  sum: number;
}

/** Counts observations in buckets, from which Prometheus estimates quantiles. */
export class Histogram<L extends string = never> extends Metric<L, Distribution> {
  readonly #bounds: readonly number[];

  constructor({ buckets = HTTP_BUCKETS, ...options }: HistogramOptions<L>) {
    super("histogram", options);
    this.#bounds = [...buckets, Number.POSITIVE_INFINITY];
  }

  /** @throws {RangeError} when `value` is NaN. */
  observe(labels: Labels<L>, value: number): void {
    if (Number.isNaN(value)) throw new RangeError(`${this.name} cannot observe NaN`);
    const distribution = this.find(labels);
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? value)) bucket += 1;
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  protected override create(): Distribution {
    return { counts: this.#bounds.map(() => 0), sum: 0 };
  }

  protected override samples({ counts, sum }: Distribution, labels: string): string {
    const prefix = labels === "" ? "" : `${labels},`;
    let total = 0;
    const buckets = this.#bounds.map((bound, bucket) => {
      total += counts[bucket] ?? 0;
      return sample(`${this.name}_bucket`, `${prefix}le="${formatNumber(bound)}"`, total);
    });
    const rest =
      sample(`${this.name}_sum`, labels, sum) + sample(`${this.name}_count`, labels, total);
    return buckets.join("") + rest;
  }
}

/** The metrics of one service. Recording costs little, whether or not anything scrapes them. */
export class Metrics {
  readonly #metrics = new Map<string, { render(): Promise<string> }>();

  /** @throws {RangeError} when the name is taken, or the name or a label is invalid. */
  counter<const L extends string = never>(options: ValueOptions<L>): Counter<L> {
    return this.#register(new ValueMetric("counter", options));
  }

  /** @throws {RangeError} when the name is taken, or the name or a label is invalid. */
  gauge<const L extends string = never>(options: ValueOptions<L>): Gauge<L> {
    return this.#register(new ValueMetric("gauge", options));
  }

  /** @throws {RangeError} when the name is taken, or the name or a label is invalid. */
  histogram<const L extends string = never>(options: HistogramOptions<L>): Histogram<L> {
    return this.#register(new Histogram(options));
  }

  /** Writes all metrics in the Prometheus text format 0.0.4. */
  async render(): Promise<string> {
    const rendered = [...this.#metrics.values()].map((metric) => metric.render());
    return (await Promise.all(rendered)).join("");
  }

  #register<M extends { readonly name: string; render(): Promise<string> }>(metric: M): M {
    if (this.#metrics.has(metric.name)) throw new RangeError(`Duplicate metric: ${metric.name}`);
    this.#metrics.set(metric.name, metric);
    return metric;
  }
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === "" ? "" : `{${labels}}`} ${formatNumber(value)}\n`;
}

/** The text format writes infinity as `+Inf` and `-Inf`. */
function formatNumber(value: number): string {
  return `${value === Number.POSITIVE_INFINITY ? "+" : ""}${value}`.replace("Infinity", "Inf");
}

function escapeText(text: string, special = /[\\\n"]/g): string {
  return text.replace(special, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function withTimeout<T>(promise: Promise<T>): Promise<T> {
  const timeout = Bun.sleep(COLLECT_TIMEOUT_MS).then(() => {
    throw new Error(`no result after ${COLLECT_TIMEOUT_MS} ms`);
  });
  return Promise.race([promise, timeout]);
}

/** The methods of RFC 9110 and RFC 5789. All others are recorded as `other`. */
const METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "TRACE",
]);

/**
 * Counts requests and measures the time until their response starts, so a stream is recorded once,
 * without the time that it stays open. List it first, so that it sees what other middleware refuses.
 */
export function httpMetrics(metrics: Metrics): MiddlewareHandler {
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
  const record = (c: Context, status: number, started: number) => {
    const method = METHODS.has(c.req.method) ? c.req.method : "other";
    const route = routeOf(c);
    requests.inc({ method, route, status: String(status) });
    durations.observe({ method, route }, (performance.now() - started) / 1000);
  };
  return async (c, next) => {
    const started = performance.now();
    try {
      await next();
    } catch (error) {
      record(c, 500, started);
      throw error;
    }
    record(c, statusOf(c), started);
  };
}

/** The pattern of the matching handler, also when middleware responds before it. */
function routeOf(c: Context): string {
  const handler = matchedRoutes(c).findLast(
    ({ method, handler }) => method !== "ALL" || !isMiddleware(findTargetHandler(handler)),
  );
  return handler?.path ?? "unmatched";
}

/** After an upgrade, Bun has sent a 101 and ignores the empty 200 that the route returns to Hono. */
function statusOf(c: Context): number {
  const { status } = c.res;
  const upgrade = status === 200 ? c.req.raw.headers.get("upgrade") : null;
  return upgrade?.toLowerCase() === "websocket" && c.res.body === null ? 101 : status;
}

/** How often the event loop is probed, in milliseconds. Every block that lasts longer is seen. */
const LAG_INTERVAL_MS = 100;

/**
 * Registers the standard metrics of a process and the lag of the event loop, measured with a timer.
 * Returns a function that stops the timer.
 * @see https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
 */
function processMetrics(metrics: Metrics): () => void {
  const startTime = Date.now() / 1000 - process.uptime();
  metrics.gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process since the Unix epoch in seconds.",
    collect: () => startTime,
  });
  metrics.counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time in seconds.",
    collect: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
  metrics.gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    collect: () => process.memoryUsage.rss(),
  });
  metrics.gauge({
    name: "process_heap_bytes",
    help: "Size of the JavaScript heap in use in bytes.",
    collect: () => process.memoryUsage().heapUsed,
  });
  if (existsSync("/proc/self/fd")) {
    metrics.gauge({
      name: "process_open_fds",
      help: "Number of open file descriptors.",
      collect: () => readdirSync("/proc/self/fd").length,
    });
    metrics.gauge({
      name: "process_max_fds",
      help: "Maximum number of open file descriptors.",
      collect: () => {
        const limits = readFileSync("/proc/self/limits", "utf8");
        return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
      },
    });
  }
  const lag = metrics.histogram({
    name: "event_loop_lag_seconds",
    help: "Seconds by which a timer fires late, sampled ten times per second.",
  });
  let due = performance.now() + LAG_INTERVAL_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe({}, Math.max(0, now - due) / 1000);
    due = now + LAG_INTERVAL_MS;
  }, LAG_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

export interface MetricsServer {
  /** Where Prometheus finds the metrics, such as `http://127.0.0.1:9090/metrics`. */
  readonly url: string;
  /** Stops listening. A scrape in progress is dropped. */
  close(): Promise<void>;
}

/**
 * Registers the process metrics, and serves `/metrics` and nothing else. Port 0 picks a free one.
 * @throws {Error} when it cannot listen. The message names `METRICS_PORT`.
 */
export function serveMetrics(
  metrics: Metrics,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): MetricsServer {
  const server = listen(hostname, port, async ({ method }) => {
    if (method !== "GET" && method !== "HEAD") {
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    }
    const headers = { "content-type": METRICS_CONTENT_TYPE };
    return new Response(await metrics.render(), { headers });
  });
  const stopTimer = processMetrics(metrics);
  return {
    url: new URL("/metrics", server.url).href,
    close: async () => {
      stopTimer();
      await server.stop(true);
    },
  };
}

function listen(hostname: string, port: number, scrape: (request: Request) => Promise<Response>) {
  try {
    return Bun.serve({
      hostname,
      port,
      // Otherwise two services could share the port, and each would get some of the scrapes.
      reusePort: false,
      development: false,
      routes: { "/metrics": scrape },
      fetch: () => new Response(null, { status: 404 }),
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(
      `Cannot serve metrics on ${hostname}:${port} (${code}). Set METRICS_PORT to a free port.`,
      { cause },
    );
  }
}

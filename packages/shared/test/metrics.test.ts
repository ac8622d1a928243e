// Metrics: the text format, bounded label sets, and what is recorded for a request.
import { expect, test } from "bun:test";
import { Hono } from "hono";
import { type HttpEnv, notFound, Problem, problems, requestLog } from "../src/http.ts";
import { Metrics, serveMetrics } from "../src/metrics.ts";

const lineOf = (metrics: Metrics, start: string) =>
  metrics
    .render()
    .split("\n")
    .find((line) => line.startsWith(start));

test("a counter without labels is there from the start, one with labels from its first event", () => {
  const metrics = new Metrics();
  metrics.counter({ name: "events_total", help: "Events." });
  const errors = metrics.counter({ name: "errors_total", help: "Errors.", labels: ["kind"] });
  expect(metrics.render()).toEndWith(
    "# HELP events_total Events.\n# TYPE events_total counter\nevents_total 0\n" +
      "# HELP errors_total Errors.\n# TYPE errors_total counter\n",
  );
  errors.inc({ kind: "timeout" });
  errors.inc({ kind: "timeout" }, 2);
  expect(lineOf(metrics, "errors_total")).toBe('errors_total{kind="timeout"} 3');
});

test("label values are escaped", () => {
  const metrics = new Metrics();
  metrics.counter({ name: "x_total", help: "X.", labels: ["text"] }).inc({ text: 'a"b\\c\nd' });
  expect(lineOf(metrics, "x_total")).toBe('x_total{text="a\\"b\\\\c\\nd"} 1');
});

test("a gauge is read at each scrape", () => {
  const metrics = new Metrics();
  let open = 1;
  metrics.gauge({ name: "open_streams", help: "Open streams.", read: () => open });
  expect(lineOf(metrics, "open_streams")).toBe("open_streams 1");
  open = 5;
  expect(lineOf(metrics, "open_streams")).toBe("open_streams 5");
});

test("the buckets of a histogram are cumulative", () => {
  const metrics = new Metrics();
  const durations = metrics.histogram({ name: "d_seconds", help: "D." });
  for (const seconds of [0.0005, 0.001, 0.02, 60]) durations.observe({}, seconds);
  expect(lineOf(metrics, 'd_seconds_bucket{le="0.001"}')).toEndWith(" 2");
  expect(lineOf(metrics, 'd_seconds_bucket{le="0.01"}')).toEndWith(" 2");
  expect(lineOf(metrics, 'd_seconds_bucket{le="0.025"}')).toEndWith(" 3");
  expect(lineOf(metrics, 'd_seconds_bucket{le="10"}')).toEndWith(" 3");
  expect(lineOf(metrics, 'd_seconds_bucket{le="+Inf"}')).toEndWith(" 4");
  expect(lineOf(metrics, "d_seconds_count")).toBe("d_seconds_count 4");
  expect(Number(lineOf(metrics, "d_seconds_sum")?.split(" ")[1])).toBeCloseTo(60.0215);
});

test("a gauge that cannot be read is left out, and the other metrics are not", () => {
  const metrics = new Metrics();
  const read = () => {
    throw new Error("the store is down");
  };
  metrics.gauge({ name: "broken_rows", help: "Broken.", read });
  metrics.gauge({ name: "open_rows", help: "Open.", read: () => 1 });
  expect(metrics.render()).not.toContain("broken_rows");
  expect(lineOf(metrics, "open_rows")).toBe("open_rows 1");
});

test("a name can be used once", () => {
  const metrics = new Metrics();
  metrics.counter({ name: "events_total", help: "Events." });
  expect(() => metrics.counter({ name: "events_total", help: "Events." })).toThrow(RangeError);
});

test("the number of label sets is bounded", () => {
  const metrics = new Metrics();
  const requests = metrics.counter({ name: "r_total", help: "R.", labels: ["path"] });
  for (let i = 0; i < 5000; i += 1) requests.inc({ path: `/${i}` });
  requests.inc({ path: "/0" });
  const lines = metrics.render().split("\n");
  expect(lines.length).toBeLessThan(1010);
  expect(lineOf(metrics, 'r_total{path="overflow"}')).toEndWith(" 4000");
  expect(lineOf(metrics, 'r_total{path="/0"}')).toEndWith(" 2");
});

test("requests are recorded by method, pattern and status, also when a handler throws", async () => {
  const metrics = new Metrics();
  const app = new Hono<HttpEnv>();
  app
    .onError(problems({ expose: false }))
    .notFound(notFound(app))
    .use(requestLog(metrics))
    .get("/items/:id{[0-9]{1,3}}", (c) => c.text("item"))
    .get("/fails", () => {
      throw new Problem(503, "Not now.");
    });
  for (const path of ["/items/1", "/items/2?x=1", "/fails", "/a", "/b"]) await app.request(path);
  await app.request("/items/1", { method: "PURGE" });
  const counted = metrics
    .render()
    .split("\n")
    .filter((line) => line.startsWith("http_requests_total"));
  expect(counted.toSorted()).toEqual([
    'http_requests_total{method="GET",route="/fails",status="503"} 1',
    'http_requests_total{method="GET",route="/items/:id",status="200"} 2',
    'http_requests_total{method="GET",route="unmatched",status="404"} 2',
    'http_requests_total{method="other",route="unmatched",status="405"} 1',
  ]);
});

test("the listener serves /metrics with the figures of the process, and nothing else", async () => {
  const metrics = new Metrics();
  const listener = serveMetrics(metrics, { hostname: "127.0.0.1", port: 0 });
  try {
    const response = await fetch(listener.url);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    const figure = (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? "NaN");
    expect(figure("process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(figure("process_heap_bytes")).toBeLessThan(figure("process_resident_memory_bytes"));
    expect(figure("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(Math.abs(figure("process_start_time_seconds") * 1000 - Date.now())).toBeLessThan(
      3_600_000,
    );
    expect(figure("event_loop_lag_seconds_count")).toBeGreaterThanOrEqual(0);
    expect((await fetch(new URL("/", listener.url))).status).toBe(404);
    expect((await fetch(listener.url, { method: "POST" })).status).toBe(404);
  } finally {
    await listener.close();
  }
});

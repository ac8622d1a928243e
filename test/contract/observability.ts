// Observability of every service: metrics for Prometheus, and the trace that a request belongs to.
import { expect, test } from "bun:test";
import type { Project } from "./project.ts";
import { startService, until } from "./service.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";

export function reportsOnItself(project: Project): void {
  test("METRICS_PORT serves metrics on a separate listener, with routes as patterns", async () => {
    await using service = await startService(project, { METRICS_PORT: "0", LOG_LEVEL: "fatal" });
    const metricsUrl = /http:\/\/\S+?\/metrics/.exec(service.printed())?.[0] ?? "";
    const { url } = service;
    await fetch(new URL("healthz", url));
    for (let i = 0; i < 20; i += 1) await fetch(new URL(`no/such/path/${i}`, url));
    await fetch(new URL("healthz", url), { method: "BREW" });

    const response = await fetch(metricsUrl);
    expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
    const text = await response.text();
    expect(text).toMatch(
      /^http_requests_total\{method="GET",route="\/healthz",status="200"\} [1-9]/m,
    );
    expect(text).toMatch(/^http_request_duration_seconds_bucket\{.*le="0\.005"\} \d+$/m);
    expect(text).toMatch(/^process_\w+ [\d.e+-]+$/m);
    expect(text).not.toContain("no/such/path");
    expect(text).not.toContain("BREW");

    expect((await fetch(new URL("/healthz", metricsUrl))).status).toBe(404);
    expect((await fetch(new URL("metrics", url))).headers.get("content-type")).not.toStartWith(
      "text/plain; version=0.0.4",
    );
  });

  test("a valid traceparent is on the log line of the request, an invalid one is not", async () => {
    await using service = await startService(project, { LOG_LEVEL: "info" });
    const send = async (traceparent: string) => {
      const id = `trace-${crypto.randomUUID()}`;
      await fetch(new URL("healthz", service.url), {
        headers: { traceparent, "x-request-id": id },
      });
      let line: string | undefined;
      await until("the request is logged", () => {
        line = service
          .printed()
          .split("\n")
          .slice(0, -1)
          .find((text) => text.includes(id));
        return line !== undefined;
      });
      return JSON.parse(line ?? "").properties;
    };
    expect(await send(`00-${TRACE_ID}-${SPAN_ID}-01`)).toMatchObject({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
    });
    for (const invalid of [
      `00-${"0".repeat(32)}-${SPAN_ID}-01`,
      `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${SPAN_ID}-01-extra`,
      "not a traceparent",
    ]) {
      const properties = await send(invalid);
      expect(Object.keys(properties)).not.toContain("traceId");
      expect(Object.keys(properties)).not.toContain("spanId");
    }
  });
}

// The responses of every service: health, problems, request ids, one log line per request, safe pages.
import { afterAll, beforeEach, expect, test } from "bun:test";
import type { Project } from "./project.ts";
import { jsonRoutes } from "./routes.ts";
import { SERVICE_TIMEOUT, type Service, startService, until } from "./service.ts";

export function speaksHttp(project: Project): void {
  let service: Service;
  // When a test times out, Bun kills every process that a hook or a test has started. The next test starts another.
  beforeEach(async () => {
    if (service?.isRunning()) return;
    await service?.[Symbol.asyncDispose]();
    service = await startService(project, { LOG_LEVEL: "info" });
  }, SERVICE_TIMEOUT);
  afterAll(() => service?.[Symbol.asyncDispose]());

  const request = (path: string, init?: RequestInit) => fetch(new URL(path, service.url), init);

  test("GET /healthz and /readyz say ok", async () => {
    for (const path of ["/healthz", "/readyz"]) {
      const response = await request(path);
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      expect(await response.json()).toMatchObject({ status: "ok" });
    }
  });

  test("an unknown path is a 404 problem", async () => {
    for (const path of ["/no/such/path", "/%2e%2e%2fpackage.json"]) {
      await expectProblem(await request(path), 404);
    }
  });

  test("a method that a path does not know is a 405 problem with Allow", async () => {
    for (const path of ["/healthz", "/readyz"]) {
      const response = await request(path, { method: "DELETE" });
      expect(response.headers.get("allow")?.split(/, */)).toContain("GET");
      await expectProblem(response, 405);
    }
  });

  test(
    "a body that is not JSON, of another type or too long is a 400, 415 or 413 problem",
    async () => {
      for (const { method, path, accepts } of await jsonRoutes(service.url)) {
        const send = (type: string, body: string) =>
          request(path, { method, headers: { "content-type": type }, body });
        await expectProblem(await send("application/json", '{"a":'), 400);
        const long = JSON.stringify({ text: "a".repeat(4 * 1024 * 1024) });
        await expectProblem(await send("application/json", long), 413);
        if (accepts.length === 1) await expectProblem(await send("text/plain", "a"), 415);
      }
    },
    SERVICE_TIMEOUT,
  );

  test("every response has an x-request-id; a sane one that came in is kept", async () => {
    for (const path of ["/healthz", "/no/such/path"]) {
      const fresh = (await request(path)).headers.get("x-request-id");
      expect(fresh).toBeTruthy();
      const kept = await request(path, { headers: { "x-request-id": "contract-1.2_3" } });
      expect(kept.headers.get("x-request-id")).toBe("contract-1.2_3");
      for (const insane of ["two words", "a".repeat(1000)]) {
        const replaced = await request(path, { headers: { "x-request-id": insane } });
        expect(replaced.headers.get("x-request-id")).toBeTruthy();
        expect(replaced.headers.get("x-request-id")).not.toBe(insane);
      }
    }
  });

  test(
    "a request is logged once, as a line of JSON with its id",
    async () => {
      const ids = ["/no/such/path", "/healthz"].map(
        (path) => [path, `log-${crypto.randomUUID()}`] as const,
      );
      for (const [path, id] of ids) await request(path, { headers: { "x-request-id": id } });
      const linesOf = (id: string) =>
        service
          .printed()
          .split("\n")
          .slice(0, -1)
          .filter((line) => line.includes(id));
      await until("both requests are logged", () => ids.every(([, id]) => linesOf(id).length > 0));
      for (const [path, id] of ids) {
        expect(linesOf(id)).toHaveLength(1);
        expect(() => JSON.parse(linesOf(id)[0] ?? "")).not.toThrow();
        expect(linesOf(id)[0]).toContain(path);
      }
    },
    SERVICE_TIMEOUT,
  );

  test("a page comes with a content security policy, nosniff and a referrer policy", async () => {
    const { status, headers } = await request("/");
    if (status !== 200 || !headers.get("content-type")?.startsWith("text/html")) return;
    expect(headers.get("content-security-policy")).toMatch(/default-src/);
    expect(headers.get("content-security-policy")).not.toContain("unsafe-inline");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBeTruthy();
  });
}

/** RFC 9457: the body repeats the status and contains a detail that a person can act on. */
async function expectProblem(response: Response, status: number): Promise<void> {
  expect({ url: response.url, status: response.status }).toEqual({ url: response.url, status });
  expect(response.headers.get("content-type")).toStartWith("application/problem+json");
  expect(response.headers.get("x-request-id")).toBeTruthy();
  expect(await response.json()).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
  });
}

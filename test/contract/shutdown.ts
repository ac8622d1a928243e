// The shutdown of a service: announced to load balancers, without dropping work, with the right exit code.
import { expect, test } from "bun:test";
import { halfRequest } from "./half-request.ts";
import type { Project } from "./project.ts";
import { jsonRoutes, openRoutes } from "./routes.ts";
import { isRefused, SERVICE_TIMEOUT, type Service, startService, until } from "./service.ts";

/** Windows has no signals: a process is terminated without notice. */
const onPosix = test.skipIf(process.platform === "win32");

export function stopsCleanly(project: Project): void {
  const start = (variables: Record<string, string>) =>
    // The line with the address has to be printed even if the log level hides everything else.
    startService(project, { LOG_LEVEL: "fatal", ...variables });

  onPosix.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends it with exit code 0",
    async (signal) => {
      await using service = await start({});
      service.signal(signal);
      expect(await service.exited).toBe(0);
      expect(await isRefused(service.url)).toBe(true);
    },
    SERVICE_TIMEOUT,
  );

  onPosix(
    "while it drains, readyz is 503, other routes are served, and a second signal ends it with 1",
    async () => {
      await using service = await start({ SHUTDOWN_DELAY_MS: String(SERVICE_TIMEOUT) });
      service.signal("SIGTERM");
      await draining(service);
      const response = await fetch(new URL("readyz", service.url));
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ status: "draining" });
      expect((await fetch(new URL("healthz", service.url))).status).toBe(200);
      // A signal within half a second of the first counts as its copy.
      await Bun.sleep(600);
      service.signal("SIGTERM");
      expect(await service.exited).toBe(1);
    },
    SERVICE_TIMEOUT,
  );

  onPosix(
    "once new connections are refused, streams end and requests in flight are answered",
    async () => {
      await using service = await start({ SHUTDOWN_DELAY_MS: "0" });
      const { url } = service;
      const streams = (await openRoutes(url)).filter(({ returns }) =>
        returns.includes("text/event-stream"),
      );
      const open = await Promise.all(streams.map(({ path }) => fetch(new URL(path, url))));
      const [route] = await jsonRoutes(url);
      const inFlight = route && (await halfRequest(url, route));
      service.signal("SIGTERM");
      await until("new connections are refused", () => isRefused(url));
      await Promise.all(open.map((response) => response.text()));
      if (inFlight) expect(await inFlight.finish()).toMatch(/^HTTP\/1\.1 422 /);
      expect(await service.exited).toBe(0);
    },
    SERVICE_TIMEOUT,
  );
}

function draining({ url }: Service): Promise<void> {
  return until(
    "readyz turns 503",
    async () => (await fetch(new URL("readyz", url))).status === 503,
  );
}

// The resources of the process after many edits of the server.
import { expect, test } from "bun:test";
import { TEST_TIMEOUT } from "#lib/test-timeout";
import { Copy } from "./copy.ts";
import { startDev, until } from "./service.ts";

const ROUTES = "src/features/counter/routes.ts";
const RELOADS = 50;

/** Routes for this test: the generation of the code, and the resources that the process holds. */
const probe = `new Hono()
    .get("/api/generation", (c) => c.text(String(GENERATION)))
    .get("/api/probe", async (c) => {
      const { heapStats } = await import("bun:jsc");
      Bun.gc(true);
      const { objectTypeCounts, protectedObjectTypeCounts } = heapStats();
      const events = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
      return c.json({
        listeners: Object.fromEntries(events),
        timers: objectTypeCounts.Timeout ?? 0,
        functions: objectTypeCounts.Function,
        servers: protectedObjectTypeCounts.HTTPServer ?? 0,
        rss: process.memoryUsage.rss() / 1024 / 1024,
      });
    })`;

interface Probe {
  readonly listeners: Readonly<Record<string, number>>;
  readonly timers: number;
  readonly functions: number;
  readonly servers: number;
  /** Resident memory in MiB. */
  readonly rss: number;
}

test(
  `${RELOADS} reloads leak no listeners, timers or memory`,
  async () => {
    await using copy = await Copy.make({ intervalMs: 0 });
    const routes = (await copy.read(ROUTES)).replace("new Hono()", probe);
    const save = (generation: number) =>
      copy.write(ROUTES, `const GENERATION = ${generation};\n${routes}`);
    await save(0);
    await using dev = await startDev(copy.folder);
    const ask = async () => (await (await fetch(`${dev.url}/api/probe`)).json()) as Probe;
    const socket = new WebSocket(`${dev.url}/api/live`.replace("http", "ws"));
    await until("the connection is open", () => socket.readyState === WebSocket.OPEN);
    const reloadTo = async (generation: number) => {
      await save(generation);
      await until("the new code responds", async () => {
        const response = await fetch(`${dev.url}/api/generation`);
        return (await response.text()) === String(generation);
      });
    };
    // The first reloads fill caches.
    for (let index = 1; index <= 10; index += 1) await reloadTo(index);
    const before = await ask();
    for (let index = 11; index <= RELOADS; index += 1) await reloadTo(index);
    let after = await ask();
    // The number varies slightly. Leaked code would add hundreds per edit.
    await until("stale code is collected", async () => {
      after = await ask();
      return after.functions - before.functions < 1000;
    });
    expect(after.listeners).toEqual(before.listeners);
    expect(after.timers).toBeLessThanOrEqual(before.timers + 2);
    expect(after.servers).toBe(before.servers);
    expect(after.rss - before.rss).toBeLessThan(64);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(dev.printed()).not.toContain("MaxListenersExceeded");
    socket.close();

    const readVersion = async () => (await (await fetch(`${dev.url}/api/state`)).json()).version;
    const version = await readVersion();
    await copy.edit("src/features/socket/routes.ts", "service.use(startHeartbeat());", "");
    await until("the new code responds", async () => (await readVersion()) !== version);
    await until(
      "a timer that the code no longer starts is cleared",
      async () => (await ask()).timers < after.timers,
    );
  },
  2 * TEST_TIMEOUT,
);

// A hundred edits of the server leave nothing behind: no listener, no timer, no memory.
import { expect, test } from "bun:test";
import { Copy } from "./copy.ts";
import { startDev, TIMEOUT, until } from "./service.ts";

const API = "src/server/api.ts";
const RELOADS = 100;

/** A route for this test only: what the process holds. */
const probe = `
api["/generation"] = () => new Response(String(GENERATION));
api["/probe"] = async () => {
  const { heapStats } = await import("bun:jsc");
  Bun.gc(true);
  const { objectTypeCounts, protectedObjectTypeCounts } = heapStats();
  const events = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  return Response.json({
    listeners: Object.fromEntries(events),
    timers: objectTypeCounts.Timeout ?? 0,
    functions: objectTypeCounts.Function,
    servers: protectedObjectTypeCounts.HTTPServer ?? 0,
    rss: process.memoryUsage.rss() / 1024 / 1024,
  });
};
`;

interface Probe {
  readonly listeners: Readonly<Record<string, number>>;
  readonly timers: number;
  readonly functions: number;
  readonly servers: number;
  /** MiB. */
  readonly rss: number;
}

test(
  `${RELOADS} reloads`,
  async () => {
    await using copy = await Copy.make(0);
    const api = (await copy.read(API)).replace("Readonly<Record<string, Handler>>", "any");
    const reload = (generation: number) =>
      copy.write(API, `const GENERATION = ${generation};\n${api}${probe}`);
    await reload(0);
    await using dev = await startDev(copy.folder);
    const ask = async () => (await (await fetch(`${dev.url}/probe`)).json()) as Probe;
    const socket = new WebSocket(`${dev.url}/api/live`.replace("http", "ws"));
    await until("the connection is open", () => socket.readyState === WebSocket.OPEN);
    const reloadTo = async (generation: number) => {
      await reload(generation);
      await until("the new code answers", async () => {
        const response = await fetch(`${dev.url}/generation`);
        return (await response.text()) === String(generation);
      });
    };
    // The first few fill caches.
    for (let index = 1; index <= 10; index += 1) await reloadTo(index);
    const before = await ask();
    for (let index = 11; index <= RELOADS; index += 1) await reloadTo(index);
    let after = await ask();
    // It is a few more or less; code that is held would have hundreds for each edit.
    await until("the code before the edits is collected", async () => {
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

    const versionOf = async () => (await (await fetch(`${dev.url}/api/state`)).json()).version;
    const version = await versionOf();
    await copy.edit("src/server/live.ts", 'renew("heart"', 'renew("pulse"');
    await until("the new code answers", async () => (await versionOf()) !== version);
    await until(
      "what the code no longer has is disposed of, too",
      async () => (await ask()).timers <= after.timers,
    );
  },
  2 * TIMEOUT,
);

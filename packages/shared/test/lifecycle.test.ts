// A service under signals: nothing in flight is lost, and nothing holds the process up for ever.
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { run, serve, until } from "./child.ts";

/** A request on a connection of its own. */
const get = (url: string, method = "GET") => fetch(url, { method, keepalive: false });

const refuses = (url: string) =>
  until(() =>
    get(`${url}/fast`).then(
      () => false,
      () => true,
    ),
  );

/** Sends a GET on a kept-alive connection; resolves with all that came until the server closed it. */
function keptAlive(url: string, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () =>
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`),
  );
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.on("error", reject).on("close", () => resolve(text));
  return promise;
}

async function openSocket(url: string): Promise<{ closed: Promise<CloseEvent> }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  return { closed };
}

describe.each(["SIGTERM", "SIGINT"] as const)("on %s", (signal) => {
  test("a request in flight finishes, a stream ends, a WebSocket closes with 1012, and the exit code is 0", async () => {
    await using service = await serve();
    const slow = keptAlive(service.url, "/slow");
    const idle = keptAlive(service.url, "/fast");
    const events = await get(`${service.url}/events`);
    const socket = await openSocket(service.url);
    await service.printed(/slow begins/);

    service.signal(signal);
    expect(await events.text()).toBe("data: hello\n\n");
    expect((await socket.closed).code).toBe(1012);
    expect(await idle).toEndWith("fast");
    await refuses(service.url);

    service.signal("SIGUSR2");
    expect(await slow).toEndWith("slow but whole");
    expect(await service.process.exited).toBe(0);
    expect(service.output()).toContain('"message":"stopped"');
  });
});

test("for SHUTDOWN_DELAY_MS everything is still served, and readyz says why to go elsewhere", async () => {
  await using service = await serve({ SHUTDOWN_DELAY_MS: "4000" });
  expect((await get(`${service.url}/readyz`)).status).toBe(200);
  service.signal();
  await service.printed(/draining/);
  const ready = await get(`${service.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: "draining" }]);
  expect(ready.headers.get("retry-after")).toBe("1");
  expect(await (await get(`${service.url}/healthz`)).json()).toEqual({ status: "ok" });
  expect(await (await get(`${service.url}/fast`)).text()).toBe("fast");
  const socket = await openSocket(service.url);
  expect((await socket.closed).code).toBe(1012);
  expect(await service.process.exited).toBe(0);
});

test("after SHUTDOWN_TIMEOUT_MS what hangs is cut, and that is no failure", async () => {
  await using service = await serve({ SHUTDOWN_TIMEOUT_MS: "100" });
  const hung = keptAlive(service.url, "/hang");
  await service.printed(/hang begins/);
  service.signal();
  expect(await service.process.exited).toBe(0);
  expect(await hung.catch(() => "")).toBe("");
  expect(service.output()).toContain("cutting what is still in flight");
});

describe("a second signal ends the process at once with exit code 1", () => {
  test.each([
    ["in the delay", { SHUTDOWN_DELAY_MS: "60000" }, /draining/],
    ["while a drain hangs", { FAULT: "drain hangs" }, /draining/],
    ["while a close hangs", { FAULT: "close hangs" }, /draining/],
  ])("%s", async (_when, env, state) => {
    await using service = await serve(env);
    service.signal("SIGTERM");
    await service.printed(state);
    service.signal("SIGINT");
    expect(await service.process.exited).toBe(1);
    expect(service.output()).not.toContain("stopped");
  });
});

describe("a part that fails does not keep the process from ending", () => {
  test.each([
    ["drain throws", 1, /drain failed.*the drain is broken/],
    ["drain hangs", 0, /cutting what is still in flight/],
    ["close throws", 1, /close failed.*the close is broken/],
    ["close hangs", 1, /close failed.*not done after/],
  ])("%s: exit code %d", async (FAULT, code, said) => {
    await using service = await serve({ FAULT, SHUTDOWN_TIMEOUT_MS: "300" });
    service.signal();
    expect(await service.process.exited).toBe(code);
    await service.printed(said);
    expect(service.output()).toContain("stopped");
  });
});

test.each(["ready throws", "ready is false"])(
  "%s: readyz is 503, healthz is not",
  async (FAULT) => {
    await using service = await serve({ FAULT });
    const ready = await get(`${service.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: "unavailable" }]);
    expect((await get(`${service.url}/healthz`)).status).toBe(200);
  },
);

test("a store that doesn't answer makes readyz 503, too", async () => {
  await using service = await serve({ FAULT: "ready hangs" });
  expect((await get(`${service.url}/readyz`)).status).toBe(503);
});

test("a signal that comes before it listens stops it in order", async () => {
  await using service = run("early-signal.ts");
  expect(await service.process.exited).toBe(0);
  await service.printed(/listening[\s\S]*draining[\s\S]*stopped/);
});

test("a port that is taken is one clear line and exit code 1", async () => {
  using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  await using service = run("service.ts", { PORT: String(other.port) });
  expect(await service.process.exited).toBe(1);
  await service.printed(/EADDRINUSE/);
  expect(service.output()).toBe(
    `Can't listen on 127.0.0.1:${other.port} (EADDRINUSE): set HOST and PORT to a free address.\n`,
  );
});

test("an address that isn't this machine's is told the same way", async () => {
  await using service = run("service.ts", { HOST: "192.0.2.1" });
  expect(await service.process.exited).toBe(1);
  await service.closed;
  expect(service.output()).toMatch(/^Can't listen on 192\.0\.2\.1:0 \(E\w+\): set HOST/);
});

test.each([
  ["/crash", /nothing catches this/],
  ["/reject", /nobody awaits this/],
])(
  "%s: an error that nothing caught is logged with its stack, the service drains and exits with 1",
  async (path, message) => {
    await using service = await serve();
    const slow = keptAlive(service.url, "/slow");
    await service.printed(/slow begins/);
    await get(`${service.url}${path}`, "POST");
    await refuses(service.url);
    service.signal("SIGUSR2");
    expect(await slow).toEndWith("slow but whole");
    expect(await service.process.exited).toBe(1);
    await service.printed(message);
    expect(service.output()).toMatch(/"stack":"Error: .*service\.ts:\d+/);
  },
);

// The peak of a process's memory can be read on Linux only.
test.skipIf(process.platform !== "linux")(
  "a body that no handler reads costs no memory, however long it is",
  async () => {
    await using service = await serve();
    const chunk = Buffer.alloc(64 * 1024);
    const rss = async () =>
      Number(
        /VmHWM:\s+(\d+)/.exec(await Bun.file(`/proc/${service.process.pid}/status`).text())?.[1],
      );
    const before = await rss();
    for (const path of ["/nowhere", "/fast", "/echo"]) {
      const size = 256 * 1024 * 1024;
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      let sent = 0;
      const push = () => {
        while (sent < size) {
          sent += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n`,
        );
        push();
      });
      socket.on("drain", push).on("error", reject);
      socket.once("data", (data) => resolve(String(data).slice(9, 12)));
      expect(await promise).toBe({ "/nowhere": "404", "/fast": "405", "/echo": "413" }[path] ?? "");
      await until(() => sent >= size || socket.destroyed);
      socket.destroy();
    }
    expect((await rss()) - before).toBeLessThan(64 * 1024);
  },
);

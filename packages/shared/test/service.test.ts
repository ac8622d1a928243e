// The life of a service under signals: nothing in flight is lost, and nothing keeps the process alive forever.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, get as httpGet } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lifecycle } from "../src/service.ts";
import { type Child, run, serve, until } from "./child.ts";
import { freePort } from "./free-port.ts";

/** A request on a new connection. */
const get = (url: string, method = "GET") => fetch(url, { method, keepalive: false });

const refuses = (url: string) =>
  until(() =>
    get(`${url}/fast`).then(
      () => false,
      () => true,
    ),
  );

/** Sends a GET on a keep-alive connection; resolves with everything received until the server closes it. */
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
  test("a request in flight finishes, streams and WebSockets close, and the exit code is 0", async () => {
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
    expect(await slow).toMatch(/\r\nconnection: close\r\n[\s\S]*slow but complete$/i);
    expect(await service.exited).toBe(0);
    expect(service.output()).toContain('"message":"stopped"');
  });
});

test("during SHUTDOWN_DELAY_MS everything is served, and readyz is 503", async () => {
  await using service = await serve({ SHUTDOWN_DELAY_MS: "3000" });
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
  expect(await service.exited).toBe(0);
});

test("while draining, responses close their connections, so that no keep-alive client loses a request", async () => {
  await using service = await serve({ SHUTDOWN_DELAY_MS: "1500", LOG_LEVEL: "warn" });
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const request = () =>
    new Promise<{ outcome: string; closes: boolean }>((resolve) => {
      httpGet(`${service.url}/healthz`, { agent }, (response) => {
        response.resume();
        const closes = response.headers.connection === "close";
        response.on("end", () => resolve({ outcome: String(response.statusCode), closes }));
      }).on("error", (error) => resolve({ outcome: String(error), closes: true }));
    });
  const outcomes = new Set<string>();
  // A client goes elsewhere when its connection is closed; until then it expects every response.
  const clients = Array.from({ length: 20 }, async () => {
    for (let closes = false; !closes; ) {
      const response = await request();
      outcomes.add(response.outcome);
      closes = response.closes;
    }
  });
  await until(() => outcomes.size > 0);
  service.signal();
  await Promise.all(clients);
  expect([...outcomes]).toEqual(["200"]);
  expect(service.output()).not.toContain("stopped");
  expect(await service.exited).toBe(0);
});

test("an idle connection is closed after KEEP_ALIVE_TIMEOUT_S, and not before", async () => {
  await using service = await serve({ KEEP_ALIVE_TIMEOUT_S: "5" });
  const started = performance.now();
  expect(await keptAlive(service.url, "/fast")).toEndWith("fast");
  const seconds = (performance.now() - started) / 1000;
  expect(seconds).toBeGreaterThan(4);
});

test("connections that do not finish within SHUTDOWN_TIMEOUT_MS are closed; the exit code is 0", async () => {
  await using service = await serve({ SHUTDOWN_TIMEOUT_MS: "100" });
  const hung = keptAlive(service.url, "/hang");
  await service.printed(/hang begins/);
  service.signal();
  expect(await service.exited).toBe(0);
  expect(await hung.catch(() => "")).toBe("");
  expect(service.output()).toContain("closing connections that did not finish in time");
});

test("background work finishes before the resources close", async () => {
  await using service = await serve({ FAULT: "background work" });
  service.signal();
  await service.printed(/draining/);
  await until(() =>
    fetch(`${service.url}/fast`).then(
      () => false,
      () => true,
    ),
  );
  expect(service.output()).not.toContain("stopped");
  service.signal("SIGUSR2");
  expect(await service.exited).toBe(0);
  expect(service.output()).toContain("stopped");
});

test("background work that fails is logged, the resources close, and the exit code is 1", async () => {
  await using service = await serve({ FAULT: "drain throws" });
  service.signal();
  expect(await service.exited).toBe(1);
  expect(service.output()).toContain("the drain is broken");
  expect(service.output()).toContain("stopped");
});

test("on all addresses, the printed URL is one that a browser can open", async () => {
  await using service = await serve({ HOST: "0.0.0.0" });
  expect(new URL(service.url).hostname).toBe("localhost");
});

test("a copy of the first signal changes nothing: a terminal signals the service and `bun run`, which passes it on", async () => {
  await using service = await serve();
  const slow = keptAlive(service.url, "/slow");
  await service.printed(/slow begins/);
  service.signal("SIGINT");
  service.signal("SIGTERM");
  await service.printed(/draining/);
  service.signal("SIGUSR2");
  expect(await slow).toEndWith("slow but complete");
  expect(await service.exited).toBe(0);
});

describe("a second signal exits immediately with code 1", () => {
  /** After the time in which a signal counts as a copy of the first. */
  const signalAgain = async (service: Child) => {
    await Bun.sleep(600);
    service.signal("SIGINT");
  };

  test.each([
    ["during the delay", { SHUTDOWN_DELAY_MS: "60000" }],
    ["while a resource does not close", { FAULT: "close hangs" }],
  ])("%s", async (_when, env) => {
    await using service = await serve(env);
    service.signal("SIGTERM");
    await service.printed(/draining/);
    await signalAgain(service);
    expect(await service.exited).toBe(1);
    expect(service.output()).not.toContain("stopped");
  });

  test("while streams stay open", async () => {
    await using service = await serve({ FAULT: "streams stay open" });
    const events = await get(`${service.url}/events`);
    service.signal("SIGTERM");
    await service.printed(/draining/);
    await signalAgain(service);
    expect(await service.exited).toBe(1);
    await events.text().catch(() => "");
  });
});

describe("a resource that does not close does not keep the process alive", () => {
  test.each([
    ["close throws", /Store did not close.*the close is broken/],
    ["close hangs", /Store did not close.*It took longer than/],
  ])("%s: exit code 1, and the others close", async (FAULT, message) => {
    const folder = await mkdtemp(`${tmpdir()}/service-`);
    const CLOSED = `${folder}/closed`;
    await using service = await serve({ FAULT, CLOSED });
    service.signal();
    expect(await service.exited).toBe(1);
    expect(service.output()).toMatch(message);
    expect(service.output()).toContain("stopped");
    expect(await Bun.file(CLOSED).exists()).toBe(true);
    await rm(folder, { recursive: true });
  });
});

test.each(["ready throws", "ready hangs"])("%s: readyz is 503, healthz is 200", async (FAULT) => {
  await using service = await serve({ FAULT });
  const ready = await get(`${service.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: "unavailable" }]);
  expect(ready.headers.get("retry-after")).toBe("1");
  expect((await get(`${service.url}/healthz`)).status).toBe(200);
});

test.each([
  ["/crash", /nothing catches this/],
  ["/reject", /nobody awaits this/],
])(
  "%s: an uncaught error is logged with its stack, the service drains and exits with 1",
  async (path, message) => {
    await using service = await serve();
    const slow = keptAlive(service.url, "/slow");
    await service.printed(/slow begins/);
    await get(`${service.url}${path}`, "POST");
    await refuses(service.url);
    service.signal("SIGUSR2");
    expect(await slow).toMatch(/\r\nconnection: close\r\n[\s\S]*slow but complete$/i);
    expect(await service.exited).toBe(1);
    expect(service.output()).toMatch(message);
    expect(service.output()).toMatch(/"stack":"Error: .*service\.ts:\d+/);
  },
);

test("under `bun --watch`, a bug does not end the process, and the next edit starts it again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "service-watch-"));
  const main = join(folder, "main.ts");
  const fixture = JSON.stringify(join(import.meta.dir, "fixtures/service.ts"));
  const edit = (FAULT: string) =>
    Bun.write(main, `process.env.FAULT = "${FAULT}";\nawait import(${fixture});`);
  await edit("start has a bug");
  await using service = run(main, {}, ["--watch"]);
  await service.printed(/a bug at start/);
  await edit("");
  await service.printed(/listening on/);
  await get(`${service.url}/crash`, "POST");
  await service.printed(/"message":"stopped"/);
  await edit("none");
  await service.printed(/listening on[\s\S]*listening on/);
  service.signal();
  expect(await service.exited).toBe(0);
  await rm(folder, { recursive: true });
});

describe("a start that fails is one message on stderr and exit code 1", () => {
  test("the port is taken", async () => {
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    await using service = run("service.ts", { PORT: String(other.port) });
    expect(await service.exited).toBe(1);
    expect(service.output()).toBe(
      `Can't listen on 127.0.0.1:${other.port} (EADDRINUSE).\nSet HOST and PORT to a free address.\n`,
    );
  });

  test("the port of the metrics is taken", async () => {
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    await using service = run("service.ts", { METRICS_PORT: String(other.port) });
    expect(await service.exited).toBe(1);
    expect(service.output()).toBe(
      `Can't listen on 127.0.0.1:${other.port} (EADDRINUSE).\nSet HOST and METRICS_PORT to a free address.\n`,
    );
  });

  test("the port of the metrics is taken: the other one does not accept connections", async () => {
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const PORT = String(await freePort());
    const METRICS_PORT = String(other.port);
    // The process ends when its resource has not closed in time.
    await using service = run("service.ts", { PORT, METRICS_PORT, FAULT: "close hangs" });
    await service.printed(/Can't listen/);
    await expect(get(`http://127.0.0.1:${PORT}/fast`)).rejects.toThrow();
    expect(service.process.exitCode).toBeNull();
  });

  test("the address does not belong to this machine", async () => {
    await using service = run("service.ts", { HOST: "192.0.2.1" });
    expect(await service.exited).toBe(1);
    expect(service.output()).toMatch(/^Can't listen on 192\.0\.2\.1:0 \(E\w+\)\.\nSet HOST/);
  });

  test.each([
    ["start refuses", /^The disk is missing\.\nAdd a disk\.\n$/],
    ["start has a bug", /TypeError: a bug at start[\s\S]*service\.ts:\d+/],
  ])("%s: the resources that were opened are closed", async (FAULT, message) => {
    const folder = await mkdtemp(`${tmpdir()}/service-`);
    const CLOSED = `${folder}/closed`;
    await using service = run("service.ts", { FAULT, CLOSED });
    expect(await service.exited).toBe(1);
    expect(service.output()).toMatch(message);
    expect(await Bun.file(CLOSED).exists()).toBe(true);
    await rm(folder, { recursive: true });
  });

  test("the environment is not valid", async () => {
    await using service = run("service.ts", { PORT: "hunter2", NODE_ENV: "hunter2" });
    expect(await service.exited).toBe(1);
    const lines = service.output().split("\n");
    expect(lines.map((line) => line.trim().split(":")[0])).toEqual([
      "The environment is not valid",
      "PORT",
      "NODE_ENV",
      "",
    ]);
    expect(service.output()).not.toContain("hunter2");
  });
});

test("a signal during a slow start closes what was opened and exits with 0", async () => {
  const folder = await mkdtemp(`${tmpdir()}/service-`);
  const CLOSED = `${folder}/closed`;
  await using service = run("service.ts", { FAULT: "start hangs", CLOSED });
  await service.printed(/createApp hangs/);
  service.signal();
  expect(await service.exited).toBe(0);
  expect(service.output()).toMatch(/draining[\s\S]*stopped/);
  expect(service.output()).not.toContain("listening");
  expect(await Bun.file(CLOSED).exists()).toBe(true);
  await rm(folder, { recursive: true });
});

test("the response to HEAD has the length of GET or none, no body, and leaves the connection usable", async () => {
  await using service = await serve();
  for (const path of ["/fast", "/json", "/events", "/nowhere"]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => {
      socket.write(`HEAD ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      socket.write("GET /fast HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    });
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("close", () => resolve(text));
    const [head = "", next = ""] = (await promise).split(/(?<=\r\n\r\n)(?=HTTP\/1\.1)/);
    expect(head).toStartWith(`HTTP/1.1 ${path === "/nowhere" ? 404 : 200}`);
    expect(head).toEndWith("\r\n\r\n");
    expect(head.toLowerCase()).not.toContain("content-length: 0");
    expect(next).toEndWith("fast");
  }
});

describe("a request without a Host, as HTTP/1.0 health checks send it", () => {
  let service: Child;
  beforeAll(async () => {
    service = await serve();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  test.each([
    ["GET /healthz HTTP/1.0\r\n\r\n", '{"status":"ok"}'],
    ["GET /client HTTP/1.0\r\n\r\n", "127.0.0.1"],
    ["POST /echo HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}", "{}"],
  ])("is served, and its client is known: %j", async (request, body) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () =>
      socket.write(request),
    );
    socket.once("data", (data) => {
      resolve(String(data));
      socket.destroy();
    });
    const response = await promise;
    expect(response).toStartWith("HTTP/1.1 200");
    expect(response).toEndWith(`\r\n\r\n${body}`);
  });
});

test("a second set of WebSocket handlers is refused: it would replace the first", () => {
  const service = new Lifecycle();
  service.websocket({ message: () => undefined });
  expect(() => service.websocket({ message: () => undefined })).toThrow("are set already");
});

// GET /api/live in production: admission, the number of messages, and shutdown.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Copy } from "../../../test/copy.ts";
import { handshake, send } from "../../../test/raw.ts";
import { type Service, startProduction } from "../../../test/service.ts";

let copy: Copy;
let service: Service;

beforeAll(async () => {
  copy = await Copy.make({ app: "own" });
  // The page is not needed here, so it is not built.
  await copy.write("dist/public/index.html", "<!doctype html>");
  service = await startProduction(copy.folder);
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

test("the WebSocket is refused to a foreign page, and without a handshake", async () => {
  const foreign = { ...handshake, origin: "https://evil.example" };
  expect((await send(service.url, "/api/live", foreign)).status).toBe(403);
  const { status, headers } = await send(service.url, "/api/live", handshake);
  expect(status).toBe(101);
  expect(headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  expect((await send(service.url, "/api/live")).status).toBe(426);
});

test("when many clients connect, each one gets at most one message per second", async () => {
  const connect = () => new WebSocket(`${service.url}/api/live`.replace("http", "ws"));
  const first = (socket: WebSocket) =>
    new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  const observer = connect();
  let messages = 0;
  observer.onmessage = () => {
    messages += 1;
  };
  await first(observer);
  const started = performance.now();
  const crowd = Array.from({ length: 200 }, connect);
  await Promise.all(crowd.map(first));
  expect(messages).toBeLessThanOrEqual(3 + (performance.now() - started) / 1000);
  for (const socket of [observer, ...crowd]) socket.close();
});

test("increments that come together are sent to each client as few messages", async () => {
  const socket = new WebSocket(`${service.url}/api/live`.replace("http", "ws"));
  const { promise: received, resolve } = Promise.withResolvers<void>();
  let messages = 0;
  socket.onmessage = ({ data }) => {
    messages += 1;
    if (JSON.parse(data).count === 200) resolve();
  };
  await new Promise((opened) => socket.addEventListener("message", opened, { once: true }));
  const increment = () => fetch(`${service.url}/api/increment`, { method: "POST" });
  await Promise.all(Array.from({ length: 200 }, increment));
  await received;
  expect(messages).toBeLessThan(100);
  socket.close();
});

test("a message from a client closes the WebSocket", async () => {
  const socket = new WebSocket(`${service.url}/api/live`.replace("http", "ws"));
  const closed = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => closed.resolve(code);
  socket.onopen = () => socket.send("hello");
  expect(await closed.promise).toBe(1008);
});

test("shutdown closes the WebSockets with 1012, so that pages reconnect", async () => {
  const socket = new WebSocket(`${service.url}/api/live`.replace("http", "ws"));
  const closed = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => closed.resolve(code);
  const stop = () => service.child.kill("SIGTERM");
  socket.addEventListener("message", stop, { once: true });
  expect(await closed.promise).toBe(1012);
  expect(await service.child.exited).toBe(0);
});

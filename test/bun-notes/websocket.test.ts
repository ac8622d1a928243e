// WebSockets: upgrade, publish, limits, backpressure, rooms, presence, rate limits.
import { expect } from "bun:test";
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";
import { runProgram, until } from "./program.ts";
import { statement } from "./statement.ts";

interface Data {
  readonly userId: string;
}

type Handlers = Partial<WebSocketHandler<Data>>;

/** A server whose sockets say who they are in the query, as the document has it. */
const serve = (handlers: (server: () => Server<Data>) => Handlers) => {
  const server: Server<Data> = Bun.serve<Data>({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, server) {
      const userId = new URL(request.url).searchParams.get("userId") ?? "anonymous";
      if (server.upgrade(request, { data: { userId } })) return;
      return new Response("WebSocket upgrade failed", { status: 400 });
    },
    websocket: { message: () => undefined, ...handlers(() => server) },
  });
  return { server, [Symbol.asyncDispose]: () => server.stop(true) };
};

/** A connected client that collects what it receives. */
async function connect(server: Server<Data>, userId = "a", headers: Record<string, string> = {}) {
  const url = new URL(`?userId=${userId}`, server.url.href.replace(/^http/, "ws"));
  const socket = new WebSocket(url, { headers });
  const received: string[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  socket.addEventListener("message", ({ data }) => received.push(String(data)));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  return { socket, received, closed };
}

statement("websocket/upgrade", async () => {
  await using running = serve(() => ({ open: (ws) => void ws.send(`Welcome ${ws.data.userId}!`) }));
  const { received } = await connect(running.server, "ada");
  await until(() => received.length === 1);
  expect(received).toEqual(["Welcome ada!"]);
  expect((await fetch(running.server.url)).status).toBe(400);
});

statement("websocket/user-from-query", async () => {
  const users: string[] = [];
  await using running = serve(() => ({ open: (ws) => void users.push(ws.data.userId) }));
  await connect(running.server, "admin");
  await connect(running.server, "admin");
  await until(() => users.length === 2);
  expect(users).toEqual(["admin", "admin"]);
});

statement("websocket/any-origin", async () => {
  await using running = serve(() => ({}));
  const { socket } = await connect(running.server, "a", { origin: "https://elsewhere.example" });
  expect(socket.readyState).toBe(WebSocket.OPEN);
});

statement("websocket/publish-to-others", async () => {
  await using running = serve((server) => ({
    open(ws) {
      ws.subscribe("chat");
      server().publish("chat", "from the server");
      ws.publish("chat", "from the socket");
      ws.send("end");
    },
  }));
  const { received } = await connect(running.server);
  await until(() => received.includes("end"));
  expect(received.toSorted()).toEqual(["end", "from the server"]);
});

statement("websocket/invalid-json", async () => {
  const errors: unknown[] = [];
  await using running = serve(
    () =>
      ({
        message(ws, message) {
          const data = JSON.parse(message as string);
          ws.send(String(data.type));
        },
        error: (error: unknown) => void errors.push(error),
      }) as Handlers,
  );
  const { socket, received } = await connect(running.server);
  // `null` and numbers are JSON as well, and a binary frame is a Buffer.
  for (const frame of ["not json", "null", Buffer.from('{"type":"binary"}')]) socket.send(frame);
  await until(() => received.length === 1);
  expect(received).toEqual(["binary"]);
  expect(errors.map((error) => (error as Error).name)).toEqual(["SyntaxError", "TypeError"]);
});

statement("websocket/private", async () => {
  await using running = serve(() => ({ message: (ws, message) => void ws.send(message) }));
  const ada = await connect(running.server, "ada");
  const bob = await connect(running.server, "bob");
  ada.socket.send("to bob");
  await until(() => ada.received.length === 1);
  expect(bob.received).toEqual([]);
});

statement("websocket/ping", async () => {
  let pongs = 0;
  await using running = serve(() => ({
    open: (ws) => void ws.ping(),
    pong: () => {
      pongs++;
    },
  }));
  await connect(running.server);
  await until(() => pongs === 1);
});

statement("websocket/close", async () => {
  await using running = serve((server) => ({
    open: (ws) => void ws.subscribe("chat"),
    close: (ws) => void server().publish("chat", `${ws.data.userId} left`),
  }));
  const ada = await connect(running.server, "ada");
  const bob = await connect(running.server, "bob");
  bob.socket.close();
  await until(() => ada.received.length === 1);
  expect(ada.received).toEqual(["bob left"]);
});

statement("websocket/error-handler", async () => {
  const calls: (readonly [Error, ServerWebSocket<Data>])[] = [];
  await using running = serve(
    () =>
      ({
        message() {
          throw new Error("in the handler");
        },
        error: (error: Error, ws: ServerWebSocket<Data>) => void calls.push([error, ws]),
      }) as Handlers,
  );
  const { socket } = await connect(running.server);
  socket.send("a");
  await until(() => calls.length === 1);
  const [error, ws] = calls[0] ?? [];
  expect(error?.message).toBe("in the handler");
  expect(ws?.data.userId).toBe("a");
  expect(socket.readyState).toBe(WebSocket.OPEN);
});

statement("websocket/error-handler-async", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      process.on("unhandledRejection", () => { console.log("unhandled"); process.exit(0); });
      const server = Bun.serve({
        port: 0,
        fetch: (request, server) => (server.upgrade(request) ? undefined : new Response()),
        websocket: { async message() { throw new Error("later"); }, error() { console.log("handled"); process.exit(0); } },
      });
      const socket = new WebSocket(server.url.href.replace("http", "ws"));
      socket.onopen = () => socket.send("a");`,
  });
  expect(stdout).toBe("unhandled");
});

statement("websocket/drain", async () => {
  const results: number[] = [];
  let drained = false;
  await using running = serve(() => ({
    backpressureLimit: 64 * 2 ** 20,
    message(ws) {
      while (results.at(-1) !== -1) results.push(ws.send(new Uint8Array(2 ** 20)));
    },
    drain: () => {
      drained = true;
    },
  }));
  const { socket } = await connect(running.server);
  socket.send("start");
  await until(() => drained);
  expect(results.at(-1)).toBe(-1);
});

statement("websocket/backpressure-drops", async () => {
  let dropped = 0;
  await using running = serve(() => ({
    backpressureLimit: 2 ** 20,
    message(ws) {
      for (let i = 0; i < 64; i++) if (ws.send(new Uint8Array(2 ** 19)) === 0) dropped++;
    },
  }));
  const { socket } = await connect(running.server);
  socket.send("start");
  await until(() => dropped > 0);
  expect(socket.readyState).toBe(WebSocket.OPEN);
});

statement("websocket/payload-limit", async () => {
  const closes: (readonly [number, string])[] = [];
  await using running = serve(() => ({
    maxPayloadLength: 1024,
    close: (_ws, code, reason) => void closes.push([code, reason]),
  }));
  const { socket, closed } = await connect(running.server);
  socket.send("x".repeat(2048));
  const { code, reason } = await closed;
  expect([code, reason]).toEqual([1009, "Received too big message"]);
  await until(() => closes.length === 1);
  expect(closes).toEqual([[1006, "Received too big message"]]);
});

statement("websocket/compression", async () => {
  await using compressing = serve(() => ({ perMessageDeflate: true }));
  expect((await connect(compressing.server)).socket.extensions).toContain("permessage-deflate");
  await using plain = serve(() => ({}));
  expect((await connect(plain.server)).socket.extensions).toBe("");
});

statement("websocket/idle-timeout", async () => {
  await using running = serve(() => ({ idleTimeout: 8, sendPings: false }));
  const { closed } = await connect(running.server);
  expect((await closed).code).toBe(1006);
});

statement("websocket/rooms", async () => {
  const rooms = new Map<string, Set<ServerWebSocket<Data>>>();
  let closes = 0;
  await using running = serve(() => ({
    open(ws) {
      rooms.set("room", (rooms.get("room") ?? new Set()).add(ws));
      ws.subscribe("room");
    },
    close: () => {
      closes++;
    },
  }));
  const { socket } = await connect(running.server);
  await until(() => running.server.subscriberCount("room") === 1);
  socket.close();
  await until(() => closes === 1);
  // Bun forgets the subscription. The second list keeps the closed socket for as long as the process runs.
  expect(running.server.subscriberCount("room")).toBe(0);
  expect(rooms.get("room")?.size).toBe(1);
});

statement("websocket/presence", async () => {
  const online = new Set<string>();
  let closes = 0;
  await using running = serve(() => ({
    open: (ws) => void online.add(ws.data.userId),
    close(ws) {
      online.delete(ws.data.userId);
      closes++;
    },
  }));
  const firstTab = await connect(running.server, "ada");
  const secondTab = await connect(running.server, "ada");
  firstTab.socket.close();
  await until(() => closes === 1);
  expect(secondTab.socket.readyState).toBe(WebSocket.OPEN);
  expect(online.has("ada")).toBe(false);
});

statement("websocket/rate-limit", () => {
  const requests = new Map<string, number[]>();
  const check = (userId: string, now: number) => {
    const recent = (requests.get(userId) ?? []).filter((time) => now - time < 1000);
    if (recent.length >= 10) return false;
    requests.set(userId, [...recent, now]);
    return true;
  };
  for (let i = 0; i < 10; i++) expect(check("ada", i)).toBe(true);
  expect(check("ada", 10)).toBe(false);
  expect(check("ada", 1005)).toBe(true);
  for (let i = 0; i < 10_000; i++) check(`visitor ${i}`, 0);
  check("ada", 10_000_000);
  // Nothing ever removes a user, so that each new name takes memory for good.
  expect(requests.size).toBe(10_001);
});

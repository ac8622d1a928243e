// The client of the protocol, against a server that speaks another version and one that goes silent.
import { afterEach, expect, jest, spyOn, test } from "bun:test";
import { ChatClient, type EndReason } from "../src/client/client.ts";
import { Outbox } from "../src/client/outbox.ts";
import { PROTOCOL } from "../src/protocol.ts";

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const you = { id: "ada", name: "Ada" };
const welcome = (protocol: number) => JSON.stringify({ type: "welcome", you, protocol });

/** A client whose states are recorded. */
function start(connect: () => WebSocket, ended: (reason: EndReason) => void = () => undefined) {
  const states: unknown[] = [];
  const client = new ChatClient({
    user: you,
    backoff: { base: 1, cap: 1 },
    connect,
    events: {
      state: (state, retryInMs) => states.push({ state, retryInMs }),
      refused: () => undefined,
      settled: () => undefined,
      joined: () => undefined,
      frame: () => undefined,
      ended,
    },
  });
  client.connect();
  return { client, states };
}

test("the client stops at a welcome of another protocol version, and does not reconnect", async () => {
  using server = Bun.serve({
    port: 0,
    fetch: (request, server) =>
      server.upgrade(request) ? undefined : new Response(null, { status: 400 }),
    websocket: {
      open: (socket) => {
        socket.send(welcome(PROTOCOL + 1));
      },
      message: () => undefined,
    },
  });
  const { promise: ended, resolve } = Promise.withResolvers<EndReason>();
  const sockets: WebSocket[] = [];
  const { states } = start(() => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
    sockets.push(socket);
    return socket;
  }, resolve);
  expect(await ended).toBe("another protocol");
  expect(sockets).toHaveLength(1);
  while (sockets[0]?.readyState !== WebSocket.CLOSED) await Bun.sleep(1);
  // A client that is going to reconnect reports when it will.
  expect(states).toEqual([
    { state: "connecting", retryInMs: undefined },
    { state: "offline", retryInMs: undefined },
  ]);
});

test.each([1, 3])(
  "a connection that is silent after `connect` was called %i times is replaced within 5 s",
  (calls) => {
    jest.useFakeTimers();
    const sockets: WebSocket[] = [];
    const { client, states } = start(() => {
      const socket = { send: () => undefined, close: () => undefined } as unknown as WebSocket;
      sockets.push(socket);
      return socket;
    });
    const [socket] = sockets;
    socket?.onmessage?.call(socket, { data: welcome(PROTOCOL) } as MessageEvent);
    expect(states).toMatchObject([{ state: "connecting" }, { state: "online" }]);
    for (let call = 0; call < calls; call++) {
      client.connect();
      jest.advanceTimersByTime(5000 / calls);
    }
    expect(states).toMatchObject([{}, {}, { state: "offline" }, { state: "connecting" }]);
    expect(sockets).toHaveLength(2);
    client.close();
    client.connect();
    expect(sockets).toHaveLength(2);
  },
);

test("a room is joined once, also if `join` is called again while the reply is pending or later", async () => {
  const joins: unknown[] = [];
  const receive = (frame: unknown) =>
    socket.onmessage?.call(socket, { data: JSON.stringify(frame) } as MessageEvent);
  const send = (data: string) => {
    const frame = JSON.parse(data);
    if (frame.type === "join") joins.push(frame.ref);
  };
  const socket = { send, close: () => undefined } as unknown as WebSocket;
  const { client } = start(() => socket);
  client.join("general");
  receive(JSON.parse(welcome(PROTOCOL)));
  client.join("general");
  expect(joins).toHaveLength(1);
  const position = { epoch: "e", offset: 0, recovered: false, members: [you], messages: [] };
  receive({ type: "ok", ref: joins[0], room: "general", ...position });
  await Promise.resolve();
  client.join("general");
  expect(joins).toHaveLength(1);
  client.leave("general");
  client.join("general");
  expect(joins).toHaveLength(2);
  client.close();
});

test("a frame with a temporary error is sent again after growing delays of up to 30 s", async () => {
  jest.useFakeTimers();
  spyOn(Math, "random").mockReturnValue(1);
  const joins: number[] = [];
  const { client } = start(() => {
    const receive = (frame: unknown) =>
      socket.onmessage?.call(socket, { data: JSON.stringify(frame) } as MessageEvent);
    const send = async (data: string) => {
      const { type, ref } = JSON.parse(data);
      if (type === "join") joins.push(Date.now());
      await Promise.resolve();
      if (type === "ping") return receive({ type: "pong", ref });
      receive({ type: "error", ref, code: "internal", message: "", retry: true });
    };
    const socket = { send, close: () => undefined } as unknown as WebSocket;
    queueMicrotask(() => receive(JSON.parse(welcome(PROTOCOL))));
    return socket;
  });
  client.join("general");
  for (let second = 0; second <= 120; second++) {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    jest.advanceTimersByTime(1000);
  }
  const delays = joins.slice(1).map((at, i) => at - (joins[i] ?? 0));
  expect(delays).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test("an event is sent even if the storage of the outbox is full", async () => {
  const stored: string[] = [];
  const storage = {
    getItem: () => null,
    setItem: (_: string, value: string) => {
      if (value.length > 200) throw new DOMException("full", "QuotaExceededError");
      stored.push(value);
    },
  };
  const outbox = new Outbox("ada", storage);
  outbox.add({ type: "chat", room: "a", text: "x".repeat(300) });
  const event = outbox.startSending("a");
  expect(event).toMatchObject({ type: "chat" });
  if (event) outbox.remove(event);
  expect(stored).toEqual(["[]"]);
});

test("an event of an unknown kind counts as an event of its room", async () => {
  const sent: { readonly type: string; readonly ref: unknown }[] = [];
  const socket = {
    send: (data: string) => sent.push(JSON.parse(data)),
    close: () => undefined,
  } as unknown as WebSocket;
  const receive = (frame: unknown) =>
    socket.onmessage?.call(socket, { data: JSON.stringify(frame) } as MessageEvent);
  const { client } = start(() => socket);
  client.join("general");
  receive(JSON.parse(welcome(PROTOCOL)));
  const position = { epoch: "e", offset: 0, recovered: false, members: [you], messages: [] };
  receive({ type: "ok", ref: sent[0]?.ref, room: "general", ...position });
  await Bun.sleep(0);
  const event = { room: "general", epoch: "e", from: you, at: "", key: "k" };
  receive({ ...event, type: "unknown", offset: 1, target: 1 });
  receive({ ...event, type: "chat", offset: 2, text: "hello" });
  // After a gap, it would join again.
  expect(sent.map(({ type }) => type)).toEqual(["join"]);
  client.close();
});

// The client of the protocol, against a server that speaks another version and one that goes silent.
import { afterEach, expect, jest, spyOn, test } from "bun:test";
import {
  ChatClient,
  type EndReason,
  type OutboxStorage,
  type Unsent,
} from "../src/client/client.ts";
import { PROTOCOL, type Snapshot } from "../src/protocol.ts";

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const you = { id: "ada", name: "Ada" };
const welcome = (protocol: number) => JSON.stringify({ type: "welcome", you, protocol });

/** A client whose states are recorded. */
function start(
  connect: () => WebSocket,
  ended: (reason: EndReason) => void = () => undefined,
  storage?: OutboxStorage,
) {
  const states: unknown[] = [];
  const settled: { readonly event: Unsent; readonly problem: string | undefined }[] = [];
  const joined: Snapshot[] = [];
  const client = new ChatClient({
    user: you,
    backoff: { base: 1, cap: 1000 },
    connect,
    ...(storage ? { storage } : {}),
    events: {
      state: (state, retryInMs) => states.push({ state, retryInMs }),
      refused: () => undefined,
      settled: (event, problem) => settled.push({ event, problem }),
      joined: (_, snapshot) => joined.push(snapshot),
      frame: () => undefined,
      ended,
    },
  });
  client.connect();
  return { client, states, settled, joined };
}

/** A socket without a network. `receive` passes a frame of the server to the client. */
function fakeSocket() {
  const sent: Record<string, unknown>[] = [];
  const socket = {
    send: (data: string) => sent.push(JSON.parse(data)),
    close: () => undefined,
  } as unknown as WebSocket;
  const receive = (frame: unknown) =>
    socket.onmessage?.call(socket, { data: JSON.stringify(frame) } as MessageEvent);
  const join = async (snapshot: Record<string, unknown> = {}) => {
    receive(JSON.parse(welcome(PROTOCOL)));
    const empty = { epoch: "e", offset: 0, recovered: false, members: [you], messages: [] };
    receive({ type: "ok", ref: sent.at(-1)?.ref, room: "general", ...empty, ...snapshot });
    await Bun.sleep(0);
  };
  return { socket, sent, receive, join };
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

test("the reply to a join before a leave is ignored once the room is joined again", async () => {
  const { socket, sent, receive, join } = fakeSocket();
  const { client, joined } = start(() => socket);
  client.join("general");
  await join();
  // A gap: the client joins again, with its position.
  receive({ type: "chat", room: "general", epoch: "e", offset: 5, from: you, text: "5", key: "5" });
  expect(sent.at(-1)).toMatchObject({ type: "join", after: { offset: 0 } });
  const before = sent.at(-1)?.ref;
  client.leave("general");
  client.join("general");
  expect(sent.at(-1)).toEqual({ type: "join", room: "general", ref: expect.anything() });
  const reply = { type: "ok", room: "general", epoch: "e", offset: 5, members: [you] };
  receive({ ...reply, ref: before, recovered: true, messages: [] });
  receive({ ...reply, ref: sent.at(-1)?.ref, recovered: false, messages: [] });
  await Bun.sleep(0);
  expect(joined.map(({ recovered }) => recovered)).toEqual([false, false]);
  client.close();
});

test("an event that was dropped by a leave does not delay the events after the next join", async () => {
  const { socket, sent, receive, join } = fakeSocket();
  spyOn(Math, "random").mockReturnValue(1);
  const { client } = start(() => socket);
  client.join("general");
  await join();
  client.post({ type: "chat", room: "general", text: "dropped" });
  receive({ type: "error", ref: sent.at(-1)?.ref, code: "internal", message: "", retry: true });
  client.leave("general");
  client.join("general");
  await join();
  client.post({ type: "chat", room: "general", text: "next" });
  expect(sent.at(-1)).toMatchObject({ type: "chat", text: "next" });
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
  const { socket, sent, receive, join } = fakeSocket();
  const stored: string[] = [];
  const storage = {
    getItem: () => null,
    setItem: (_: string, value: string) => {
      if (value.length > 200) throw new DOMException("full", "QuotaExceededError");
      stored.push(value);
    },
  };
  const { client } = start(() => socket, undefined, storage);
  client.join("general");
  client.post({ type: "chat", room: "general", text: "x".repeat(300) });
  await join();
  expect(sent.at(-1)).toMatchObject({ type: "chat" });
  receive({ type: "ok", ref: sent.at(-1)?.ref, room: "general", epoch: "e", offset: 1 });
  await Bun.sleep(0);
  expect(stored).toEqual(["[]"]);
  client.close();
});

// The server may have forgotten the key: if the client sent such an event again, it could be stored twice.
test.each(["the recovered events", "the latest messages", "a later frame"])(
  "an event whose `ok` was lost is not sent again if it is in %s",
  async (where) => {
    const sockets = [fakeSocket(), fakeSocket()] as const;
    let connections = 0;
    const { client, settled } = start(() => (sockets[connections++] ?? sockets[1]).socket);
    client.join("general");
    await sockets[0].join();
    const unsent = client.post({ type: "chat", room: "general", text: "mine" });
    client.post({ type: "chat", room: "general", text: "next" });
    const { key } = unsent;
    expect(sockets[0].sent.at(-1)).toMatchObject({ type: "chat", key });
    sockets[0].socket.onclose?.call(sockets[0].socket, { code: 1006 } as CloseEvent);
    while (connections < 2) await Bun.sleep(1);
    const message = { offset: 1, from: you, text: "mine", at: "", key };
    const event = { type: "chat", room: "general", epoch: "e", ...message };
    if (where === "the recovered events") {
      await sockets[1].join({ offset: 1, recovered: true, messages: [event] });
    } else if (where === "the latest messages") {
      await sockets[1].join({ epoch: "f", offset: 9, messages: [message] });
    } else {
      await sockets[1].join();
      sockets[1].receive(event);
      // The reply to the copy that was sent before the event arrived.
      sockets[1].receive({ type: "ok", ref: sockets[1].sent.at(-1)?.ref, epoch: "e", offset: 1 });
      await Bun.sleep(0);
    }
    expect(sockets[1].sent.at(-1)).toMatchObject({ type: "chat", text: "next" });
    expect(settled).toEqual([{ event: unsent, problem: undefined }]);
    client.close();
  },
);

test("an event that waited for a day is dropped, and the next one is sent", async () => {
  const { socket, sent, join } = fakeSocket();
  const chat = { type: "chat", room: "general" };
  const stored = [
    { ...chat, text: "old", key: "k1", postedAt: Date.now() - 25 * 60 * 60 * 1000 },
    { ...chat, text: "new", key: "k2", postedAt: Date.now() - 23 * 60 * 60 * 1000 },
  ];
  const storage = { getItem: () => JSON.stringify(stored), setItem: () => undefined };
  const { client, settled } = start(() => socket, undefined, storage);
  client.join("general");
  await join();
  expect(settled).toMatchObject([{ event: { text: "old" }, problem: expect.any(String) }]);
  expect(sent.at(-1)).toEqual({ ...chat, text: "new", key: "k2", ref: expect.anything() });
  client.close();
});

test("an event that turns a day old between two attempts is dropped, not sent again", async () => {
  const { socket, sent, receive, join } = fakeSocket();
  spyOn(Math, "random").mockReturnValue(0);
  const { client, settled } = start(() => socket);
  client.join("general");
  await join();
  client.post({ type: "chat", room: "general", text: "old" });
  const { ref } = sent.at(-1) ?? {};
  receive({ type: "error", ref, code: "internal", message: "", retry: true });
  spyOn(Date, "now").mockReturnValue(Date.now() + 24 * 60 * 60 * 1000 + 1);
  while (settled.length === 0) await Bun.sleep(1);
  expect(settled).toMatchObject([{ event: { text: "old" }, problem: expect.any(String) }]);
  expect(sent.filter(({ type }) => type === "chat")).toHaveLength(1);
  client.close();
});

// #region reactions
test("after data loss, a change of a message is dropped, because its target may be another message", async () => {
  const sockets = [fakeSocket(), fakeSocket()] as const;
  let connections = 0;
  const { client, settled } = start(() => (sockets[connections++] ?? sockets[1]).socket);
  client.join("general");
  await sockets[0].join({ offset: 3 });
  sockets[0].socket.onclose?.call(sockets[0].socket, { code: 1006 } as CloseEvent);
  client.post({ type: "react", room: "general", target: 3, emoji: "👍", on: true });
  client.post({ type: "chat", room: "general", text: "hello" });
  while (connections < 2) await Bun.sleep(1);
  await sockets[1].join({ epoch: "f", offset: 3 });
  expect(settled).toMatchObject([{ event: { type: "react" }, problem: expect.any(String) }]);
  const { key, ref, ...frame } = sockets[1].sent.at(-1) ?? {};
  expect(frame).toEqual({ type: "chat", room: "general", text: "hello" });
  client.close();
});
// #endregion

test("without a first reply, each reconnect waits longer, and so does each ping", async () => {
  jest.useFakeTimers();
  spyOn(Math, "random").mockReturnValue(1);
  const { socket, sent, receive } = fakeSocket();
  let connections = 0;
  const { client, states } = start(() => {
    connections += 1;
    return socket;
  });
  client.join("general");
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 6; attempt++) {
    receive(JSON.parse(welcome(PROTOCOL)));
    // The reply to the join does not arrive in time.
    jest.advanceTimersByTime(20_000);
    expect(sent.at(-1)).toMatchObject({ type: "ping" });
    let waited = 0;
    for (; connections === attempt; waited += 1000) jest.advanceTimersByTime(1000);
    waits.push(waited);
  }
  expect(waits).toEqual([5000, 9000, 17_000, 33_000, 65_000, 65_000]);
  const offline = states.filter((each) => (each as { state: string }).state === "offline");
  expect(offline).toMatchObject([1, 2, 4, 8, 16, 32].map((retryInMs) => ({ retryInMs })));
  receive(JSON.parse(welcome(PROTOCOL)));
  receive({ type: "pong", ref: "alive" });
  socket.onclose?.call(socket, { code: 1006 } as CloseEvent);
  expect(states.at(-1)).toEqual({ state: "offline", retryInMs: 1 });
  client.close();
});

test("an event of an unknown kind counts as an event of its room", async () => {
  const { socket, sent, receive, join } = fakeSocket();
  const { client } = start(() => socket);
  client.join("general");
  await join();
  const event = { room: "general", epoch: "e", from: you, at: "", key: "k" };
  receive({ ...event, type: "unknown", offset: 1, target: 1 });
  receive({ ...event, type: "chat", offset: 2, text: "hello" });
  // After a gap, it would join again.
  expect(sent.map(({ type }) => type)).toEqual(["join"]);
  client.close();
});

// The broadcaster: which streams share the bytes of an event, and what an event contains.
import { expect, jest, test } from "bun:test";
import { Metrics } from "#lib/metrics";
import { type Listener, type Message, toJson } from "../messages/store.ts";
import { Broadcaster, encodeMessages } from "./broadcaster.ts";

test("an event is encoded once for streams with the same patterns, in whatever order they are requested", () => {
  let publish: Listener | undefined;
  const subscribe = (listener: Listener) => {
    publish = listener;
    return "0";
  };
  const broadcaster = new Broadcaster({ subscribe }, 1000, new Metrics());
  try {
    const received: Uint8Array[] = [];
    const streams = [["a", "b"], ["b", "a"], ["a"]].map((patterns) => ({
      patterns,
      send: (chunk: Uint8Array) => void received.push(chunk),
      end: () => undefined,
    }));
    for (const stream of streams) broadcaster.subscribe(stream);
    const message: Message = { id: "1", topic: "a", event: "message", data: {}, at: "now" };
    publish?.([message], false, "1");
    expect(received).toHaveLength(3);
    expect(new Set(received).size).toBe(2);
    for (const stream of streams) broadcaster.remove(stream);
    publish?.([message], false, "2");
    expect(received).toHaveLength(3);
  } finally {
    broadcaster.close();
  }
});

test("every open stream gets heartbeats; the newest id only once it is subscribed", () => {
  let publish: Listener | undefined;
  const subscribe = (listener: Listener) => {
    publish = listener;
    return "1";
  };
  jest.useFakeTimers();
  const broadcaster = new Broadcaster({ subscribe }, 1000, new Metrics());
  try {
    const open = () => {
      const received: string[] = [];
      const stream = {
        patterns: ["a"],
        send: (chunk: Uint8Array) => void received.push(new TextDecoder().decode(chunk)),
        end: () => undefined,
      };
      broadcaster.add(stream);
      return { stream, received };
    };
    const [replaying, live] = [open(), open()];
    broadcaster.subscribe(live.stream);
    publish?.([{ id: "2", topic: "b", event: "message", data: {}, at: "now" }], false, "2");
    jest.advanceTimersByTime(2000);
    expect(replaying.received).toEqual([":\n\n", ":\n\n"]);
    expect(live.received).toEqual([":\n\nid: 2\n\n", ":\n\n"]);
  } finally {
    jest.useRealTimers();
    broadcaster.close();
  }
});

test("of a message whose event name would break the stream, clients receive only the id", () => {
  const message: Message = { id: "1", topic: "a", event: "message", data: {}, at: "now" };
  for (const event of ["a\nb", "a\rb", "a\0b"]) {
    const text = new TextDecoder().decode(encodeMessages([{ ...message, event }]));
    expect(text).toBe("id: 1\n\n");
  }
});

test("the data of a message cannot replace its id, topic and time", () => {
  const data = { id: 7, topic: "x", at: 0, more: true };
  const message: Message = { id: "1", topic: "a", event: "reaction", data, at: "now" };
  expect(toJson(message)).toEqual({ id: "1", topic: "a", at: "now", more: true });
});

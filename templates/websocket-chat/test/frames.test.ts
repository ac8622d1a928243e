// Malformed, hostile and oversized frames: each gets an error or a close, and the service keeps running.
import { describe, expect, test } from "bun:test";
import { encodeFrame, type FrameOptions, OPCODE, RawSocket } from "./raw.ts";
import { ChatServer } from "./server.ts";
import { Socket, startSession } from "./socket.ts";

const server = ChatServer.shared();

describe("an invalid message gets an error, and the connection stays open", () => {
  const join = { type: "join", ref: 1, room: "general" };
  test.each([
    ["not JSON", "{", "invalid_json", undefined],
    ["an empty frame", "", "invalid_json", undefined],
    ["a trailing comma", '{"type":"ping","ref":1,}', "invalid_json", undefined],
    ["null", "null", "invalid_message", undefined],
    ["a list", "[]", "invalid_message", undefined],
    ["an unknown type", '{"type":"shout","ref":5}', "invalid_message", 5],
    ["a missing type", '{"ref":"a"}', "invalid_message", "a"],
    ["a missing ref", '{"type":"ping"}', "invalid_message", undefined],
    ["a type of the prototype", '{"type":"constructor","ref":1}', "invalid_message", 1],
    ["__proto__ as type", '{"type":"__proto__","ref":1}', "invalid_message", 1],
    ["__proto__ as room", '{"type":"join","ref":1,"room":"__proto__"}', "invalid_message", 1],
    ["fields in __proto__", '{"__proto__":{"type":"ping","ref":1}}', "invalid_message", undefined],
    ["a room with spaces", JSON.stringify({ ...join, room: "a b" }), "invalid_message", 1],
    [
      "a room name that is too long",
      JSON.stringify({ ...join, room: "a".repeat(65) }),
      "invalid_message",
      1,
    ],
    [
      "a negative offset",
      JSON.stringify({ ...join, after: { epoch: "e", offset: -1 } }),
      "invalid_message",
      1,
    ],
    [
      "an empty text",
      '{"type":"chat","ref":2,"room":"a","text":" ","key":"k"}',
      "invalid_message",
      2,
    ],
    ...["\u200b", "\u3164\u2800 ", "\u0000", "\u{e0061}"].map(
      (text) =>
        [
          `a text of invisible characters, ${JSON.stringify(text)}`,
          JSON.stringify({ type: "chat", ref: 2, room: "a", text, key: "k" }),
          "invalid_message",
          2,
        ] as const,
    ),
    [
      "a key with a lone surrogate",
      '{"type":"chat","ref":2,"room":"a","text":"hi","key":"\\ud800"}',
      "invalid_message",
      2,
    ],
    [
      "a text that is a number",
      '{"type":"chat","ref":2,"room":"a","text":3,"key":"k"}',
      "invalid_message",
      2,
    ],
    [
      "a huge text",
      `{"type":"chat","ref":2,"room":"a","text":"${"x".repeat(60_000)}","key":"k"}`,
      "too_long",
      2,
    ],
    ["deep nesting", "[".repeat(60_000), "invalid_json", undefined],
    [
      "deep nesting that is valid",
      `${"[".repeat(30_000)}${"]".repeat(30_000)}`,
      /invalid_(json|message)/,
      undefined,
    ],
  ])("%s", async (_, data, code, ref) => {
    using ada = await Socket.open(server.url, "Ada");
    ada.raw(data);
    const { ref: about, ...error } = await ada.next("error");
    const codes = typeof code === "string" ? code : expect.stringMatching(code);
    expect(error).toEqual({
      type: "error",
      code: codes,
      message: expect.any(String),
      retry: false,
    });
    expect(about).toBe(ref);
    await ada.settled();
  });

  test("a binary frame", async () => {
    using ada = await Socket.open(server.url, "Ada");
    ada.raw(new TextEncoder().encode('{"type":"ping","ref":1}'));
    expect(await ada.next("error")).toMatchObject({ code: "invalid_message" });
    await ada.settled();
  });

  test("an invalid ref is not echoed", async () => {
    using ada = await Socket.open(server.url, "Ada");
    ada.raw(JSON.stringify({ type: "ping", ref: { a: 1 } }));
    expect(await ada.next("error")).not.toHaveProperty("ref");
  });
});

describe("RFC 6455", () => {
  const open = async (): Promise<RawSocket> => {
    const cookie = await startSession(server.url, "Raw");
    const { socket } = await RawSocket.open(server.url, { cookie });
    await socket.json("welcome");
    return socket;
  };
  const text = (payload: string | Buffer, more: Partial<FrameOptions> = {}) => {
    return { opcode: OPCODE.text, payload, ...more };
  };
  const rest = (payload: string | Buffer, fin = true) => {
    return { opcode: OPCODE.continuation, payload, fin };
  };

  test("a message in fragments, with a control frame between them (5.4)", async () => {
    using socket = await open();
    socket.send(text('{"type":"pi', { fin: false }));
    socket.send({ opcode: OPCODE.ping, payload: "between" });
    socket.send(rest('ng","re', false));
    socket.send(rest('f":"whole"}'));
    expect(await socket.json("pong")).toEqual({ type: "pong", ref: "whole" });
    const pong = await socket.next(({ opcode }) => opcode === OPCODE.pong);
    expect(pong?.payload.toString()).toBe("between");
  });

  test("a message byte by byte on the wire", async () => {
    using socket = await open();
    for (const byte of encodeFrame(text('{"type":"ping","ref":"slow"}'))) {
      socket.write(Buffer.from([byte]));
      await Bun.sleep(0);
    }
    expect(await socket.json("pong")).toEqual({ type: "pong", ref: "slow" });
  });

  test("UTF-8 split between fragments (5.6)", async () => {
    using socket = await open();
    const bytes = Buffer.from('{"type":"ping","ref":"🦊"}');
    const middle = bytes.indexOf(0xf0) + 2;
    socket.send(text(bytes.subarray(0, middle), { fin: false }));
    socket.send(rest(bytes.subarray(middle)));
    expect(await socket.json("pong")).toEqual({ type: "pong", ref: "🦊" });
  });

  test("an empty message", async () => {
    using socket = await open();
    socket.send(text(""));
    expect(await socket.json("error")).toMatchObject({ code: "invalid_json" });
  });

  test("the reply to a close is a close (5.5.1)", async () => {
    using socket = await open();
    socket.send({ opcode: OPCODE.close, payload: Buffer.from([0x03, 0xe8]) });
    expect(await socket.closeCode()).toBe(1000);
    await socket.ended;
  });

  test.each<[string, FrameOptions[], number]>([
    ["invalid UTF-8 (8.1)", [text(Buffer.from([0xff, 0xfe]))], 1007],
    ["an overlong encoding (8.1)", [text(Buffer.from([0xc0, 0xaf]))], 1007],
    ["a frame over 64 KiB", [text("x".repeat(65 * 1024))], 1009],
    [
      "fragments over 64 KiB together",
      [text("x".repeat(40_000), { fin: false }), rest("x".repeat(40_000))],
      1009,
    ],
    ["an unmasked frame (5.1)", [text("{}", { masked: false })], 1002],
    ["a reserved bit (5.2)", [text("{}", { reserved: 4 })], 1002],
    ["an unknown opcode (5.2)", [{ opcode: 3, payload: "" }], 1002],
    ["a fragmented ping (5.5)", [{ opcode: OPCODE.ping, fin: false }], 1002],
    ["a ping over 125 bytes (5.5)", [{ opcode: OPCODE.ping, payload: "x".repeat(126) }], 1002],
    ["a continuation without a start (5.4)", [rest("{}")], 1002],
    ["a new message within another one (5.4)", [text("{", { fin: false }), text("}")], 1002],
  ])("%s closes the connection, and no other one", async (_, frames, code) => {
    using bystander = await Socket.open(server.url, "Bystander");
    using socket = await open();
    for (const frame of frames) socket.send(frame);
    expect(await socket.closeCode()).toBe(code);
    await socket.ended;
    await bystander.settled();
  });
});

test("after all of them, the service still runs", async () => {
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(server.output).not.toContain("Unhandled");
});

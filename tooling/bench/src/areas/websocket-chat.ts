// The websocket-chat starter: its fan-out, and the memory of slow consumers.
import type { Area } from "../area.ts";
import { fanOut } from "./websocket-chat/fan-out.ts";
import { stuckReaders } from "./websocket-chat/stuck-readers.ts";

export const area: Area = {
  description:
    "The websocket-chat starter: fan-out to 64 clients in a room, memory of stuck readers",
  peers: ["ws", "socket.io"],
  benches: { "fan-out": fanOut, "stuck-readers": stuckReaders },
  figures: [
    { bench: "fan-out", of: "websocket-chat", over: "bare Bun publish", atLeast: 0.7 },
    { bench: "fan-out", of: "websocket-chat", over: "ws on Node.js", atLeast: 10 },
    { bench: "fan-out", of: "websocket-chat", over: "socket.io on Node.js", atLeast: 12 },
    { bench: "stuck-readers", of: "websocket-chat", atMost: 2 },
  ],
};

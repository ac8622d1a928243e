// The websocket-chat starter: its fan-out, and what readers cost that don't read.
import type { Area } from "../area.ts";
import { fanOut } from "./websocket-chat/fan-out.ts";

export const area: Area = {
  description:
    "The websocket-chat starter: fan-out to 64 clients in a room, memory of stuck readers",
  peers: ["ws", "socket.io"],
  benches: { "fan-out": fanOut },
  figures: [
    { bench: "fan-out", of: "websocket-chat", over: "bare Bun publish", atLeast: 0.7 },
    { bench: "fan-out", of: "websocket-chat", over: "ws on Node.js", atLeast: 6 },
    { bench: "fan-out", of: "websocket-chat", over: "socket.io on Node.js", atLeast: 12 },
  ],
};

// The http-sse starter: its busiest route, its fan-out and its memory.
import type { Area } from "../area.ts";
import { fanOut, topics } from "./http-sse/fan-out.ts";
import { json } from "./http-sse/json.ts";
import { idleStream, stuckReader, upload } from "./http-sse/memory.ts";

export const area: Area = {
  description: "The http-sse starter: JSON route, fan-out to 500 event streams, memory",
  peers: ["hono", "elysia", "fastify", "better-sqlite3", "better-sse"],
  benches: {
    json,
    "fan-out": fanOut,
    topics,
    "stuck-reader": stuckReader,
    "idle-stream": idleStream,
    upload,
  },
  figures: [
    { bench: "json", of: "http-sse (warn)", over: "bare Bun.serve", atLeast: 0.85 },
    { bench: "json", of: "http-sse (info)", over: "bare Bun.serve", atLeast: 0.75 },
    { bench: "json", of: "http-sse (warn, metrics)", over: "http-sse (warn)", atLeast: 0.97 },
    { bench: "json", of: "http-sse (warn)", over: "Hono", atLeast: 0.9 },
    { bench: "json", of: "http-sse (warn)", over: "Elysia", atLeast: 0.9 },
    { bench: "fan-out", of: "http-sse", over: "bare Bun.serve", atLeast: 2.5 },
    { bench: "fan-out", of: "http-sse", over: "better-sse on Node.js", atLeast: 6 },
    { bench: "topics", of: "100 topics", over: "1 topic", atLeast: 0.8 },
    { bench: "idle-stream", of: "http-sse", atMost: 24 },
    { bench: "stuck-reader", of: "http-sse", atMost: 2 },
    { bench: "upload", of: "http-sse", atMost: 64 },
  ],
};

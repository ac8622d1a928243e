// The http-sse starter: its busiest route, its fan-out and its memory.
import type { Area } from "../area.ts";
import { fanOut } from "./http-sse/fan-out.ts";
import { json } from "./http-sse/json.ts";
import { stuckReader, upload } from "./http-sse/memory.ts";

export const area: Area = {
  description: "The http-sse starter: JSON route, fan-out to 500 event streams, memory",
  peers: ["hono", "elysia", "fastify", "better-sqlite3", "better-sse"],
  benches: { json, "fan-out": fanOut, "stuck-reader": stuckReader, upload },
  figures: [
    { bench: "json", of: "http-sse (warn)", over: "bare Bun.serve", atLeast: 0.8 },
    { bench: "json", of: "http-sse (info)", over: "bare Bun.serve", atLeast: 0.6 },
    { bench: "json", of: "http-sse (warn)", over: "Fastify on Node.js", atLeast: 2 },
    { bench: "fan-out", of: "http-sse", over: "bare Bun.serve", atLeast: 0.9 },
    { bench: "fan-out", of: "http-sse", over: "better-sse on Node.js", atLeast: 2 },
    { bench: "stuck-reader", of: "http-sse", atMost: 2 },
    { bench: "upload", of: "http-sse", atMost: 64 },
  ],
};

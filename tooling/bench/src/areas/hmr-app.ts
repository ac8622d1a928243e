// The hmr-app starter: time from an edit to the page, from a cold start to the first paint, and the throughput in production.
import type { Area } from "../area.ts";
import { edit, editTail } from "./hmr-app/edit.ts";
import { firstPaint } from "./hmr-app/first-paint.ts";
import { bytes, throughput } from "./hmr-app/production.ts";

export const area: Area = {
  description: "The hmr-app starter: edit to DOM, cold start to first paint, production assets",
  peers: ["vite", "@vitejs/plugin-react", "react", "react-dom", "hono"],
  benches: {
    edit: edit(10),
    "edit-100": edit(100),
    "edit-1000": edit(1000),
    "edit-p95": editTail(10),
    "edit-p95-100": editTail(100),
    "edit-p95-1000": editTail(1000),
    "first-paint-10": firstPaint(10),
    "first-paint-100": firstPaint(100),
    "first-paint-1000": firstPaint(1000),
    throughput,
    bytes,
  },
  figures: [
    { bench: "edit", of: "hmr-app", over: "Vite", atMost: 0.3 },
    { bench: "edit", of: "hmr-app", over: "bare Bun", atMost: 1.2 },
    { bench: "edit-1000", of: "hmr-app", over: "Vite", atMost: 0.3 },
    { bench: "edit-1000", of: "hmr-app", over: "bare Bun", atMost: 1.2 },
    { bench: "first-paint-10", of: "hmr-app", over: "bare Bun", atMost: 1.5 },
    { bench: "first-paint-1000", of: "hmr-app", over: "bare Bun", atMost: 1.5 },
    { bench: "throughput", of: "hmr-app", over: "Hono", atLeast: 1 },
    { bench: "bytes", of: "hmr-app", over: "Hono", atMost: 1 },
  ],
};

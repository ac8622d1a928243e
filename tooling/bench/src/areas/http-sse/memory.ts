// The growth of the process: for a client that reads nothing, and during a large upload.
import type { Bench } from "../../area.ts";
import { uploadLoad } from "../../load.ts";
import { peakBytes, residentBytes } from "../../memory.ts";
import type { Run } from "../../run.ts";
import { postMessage, startStarter } from "./starter.ts";

const KIB = 1024;
const MIB = KIB ** 2;
const IDLE_STREAMS = 10_000;
const UPLOAD_MIB = 1024;
const STUCK_READERS = 20;
/** Three bytes a character: 12 MB for every reader, more than the kernel's buffers and the budget hold. */
const MESSAGES = 2000;
const TEXT = "語".repeat(2000);
const POSTERS = 4;

async function postAll(url: string): Promise<void> {
  const poster = async () => {
    for (let i = 0; i < MESSAGES / POSTERS; i += 1) await postMessage(url, TEXT);
  };
  await Promise.all(Array.from({ length: POSTERS }, poster));
}

/** Opens an event stream. @param isStuck reads nothing but its head. */
async function openStream(url: URL, isStuck: boolean): Promise<Bun.Socket> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.write(`GET /api/events HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`);
      },
      data(socket) {
        if (isStuck) socket.pause();
        resolve();
      },
    },
  });
  await promise;
  return socket;
}

/** Posts the messages twice, first without readers, to subtract the memory that posting itself costs. */
async function costOfStuckReader(run: Run): Promise<number> {
  await using starter = await startStarter(run, { LOG_LEVEL: "warn" });
  await postAll(starter.url);
  const idle = await residentBytes(starter.process.pid);
  const url = new URL(starter.url);
  const sockets: Bun.Socket[] = [];
  for (let i = 0; i < STUCK_READERS; i += 1) sockets.push(await openStream(url, true));
  const peak = await peakBytes(starter.process.pid, postAll(starter.url));
  for (const socket of sockets) socket.terminate();
  return Math.max(0, peak - idle) / STUCK_READERS / MIB;
}

async function costOfIdleStream(run: Run): Promise<number> {
  await using starter = await startStarter(run, { LOG_LEVEL: "warn" });
  const url = new URL(starter.url);
  // The first streams load code, which is not a cost of the others.
  const sockets = [await openStream(url, false)];
  const before = await residentBytes(starter.process.pid);
  for (let i = 0; i < IDLE_STREAMS; i += 1) sockets.push(await openStream(url, false));
  const after = await residentBytes(starter.process.pid);
  for (const socket of sockets) socket.terminate();
  return (after - before) / IDLE_STREAMS / KIB;
}

async function costOfUpload(run: Run): Promise<number> {
  await using starter = await startStarter(run, { LOG_LEVEL: "warn" });
  const idle = await residentBytes(starter.process.pid);
  const upload = uploadLoad(`${starter.url}/api/uploads?name=large.bin`, UPLOAD_MIB);
  return ((await peakBytes(starter.process.pid, upload)) - idle) / MIB;
}

export const stuckReader: Bench = {
  unit: "MiB",
  rounds: 3,
  warmups: 0,
  contestants: { "http-sse": (run) => () => costOfStuckReader(run) },
};

export const upload: Bench = {
  unit: "MiB",
  rounds: 3,
  warmups: 0,
  contestants: { "http-sse": (run) => () => costOfUpload(run) },
};

export const idleStream: Bench = {
  unit: "KiB",
  rounds: 3,
  warmups: 0,
  contestants: { "http-sse": (run) => () => costOfIdleStream(run) },
};

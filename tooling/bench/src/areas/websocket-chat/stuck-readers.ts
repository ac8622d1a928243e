// The growth of the process per client that joins a room and then reads nothing.
import type { Bench } from "../../area.ts";
import { peakBytes, residentBytes } from "../../memory.ts";
import type { Run } from "../../run.ts";
import { openClient } from "./client.ts";
import { startStarter } from "./starter.ts";

const MIB = 1024 ** 2;
const READERS = 100;
/** Three bytes a character: 12 MB for every reader, more than the kernel's buffers and the budget hold. */
const MESSAGES = 1000;
const TEXT = "語".repeat(4000);

async function costOfStuckReader(run: Run): Promise<number> {
  await using starter = await startStarter(run);
  const writer = await openClient(starter.url);
  // Once without slow consumers, to subtract the cost of writing.
  await writeAll(writer);
  const idle = await residentBytes(starter.process.pid);
  const readers = await Promise.all(Array.from({ length: READERS }, () => openClient(starter.url)));
  for (const reader of readers) reader.pause();
  const peak = await peakBytes(starter.process.pid, writeAll(writer));
  for (const client of [writer, ...readers]) client.terminate();
  return Math.max(0, peak - idle) / READERS / MIB;
}

/** Sends the messages, one when the last one was answered. */
async function writeAll(writer: WebSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  const write = () => {
    if (sent++ === MESSAGES) return resolve();
    const message = { type: "chat", ref: 1, room: "bench", text: TEXT, key: crypto.randomUUID() };
    writer.send(JSON.stringify(message));
  };
  writer.onmessage = ({ data }) => {
    if (String(data).startsWith('{"type":"ok"')) write();
  };
  write();
  await promise;
}

export const stuckReaders: Bench = {
  unit: "MiB",
  rounds: 3,
  warmups: 0,
  contestants: { "websocket-chat": (run) => () => costOfStuckReader(run) },
};

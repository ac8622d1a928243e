// The WebSocket over which a page receives edits: it costs a bounded amount of memory, and is separate from those of the app.
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { Copy } from "./copy.ts";
import { handshake } from "./raw.ts";
import { type Service, startDev, until } from "./service.ts";

const APP = "src/page/App.tsx";
/** Bytes that each edit sends to every page. */
const EDIT_BYTES = 4 * 1024 * 1024;
const EDITS = 16;

test("a page that does not read is disconnected before all edits are buffered for it", async () => {
  await using copy = await Copy.make({ intervalMs: 400 });
  await using dev = await startDev(copy.folder);
  expect((await fetch(dev.url)).status).toBe(200);
  using slow = await openSlowPage(dev);
  using fast = openFastPage(dev);
  await until("it gets edits", fast.isSubscribed);
  const app = await copy.read(APP);
  for (let index = 1; index <= EDITS; index += 1) {
    const filler = `edit ${index};`.padEnd(EDIT_BYTES, "x");
    // Atomically: a large file that is overwritten in place may be read before its contents, but after its time, has changed.
    await copy.writeAtomically(APP, `${app}\nexport const filler = "${filler}";\n`);
    await until("a page that reads has the edit", () => fast.hasReceived(`edit ${index};`));
  }
  const received = await slow.readAll();
  expect(received).toBeGreaterThan(0);
  expect(received).toBeLessThan((EDITS * EDIT_BYTES) / 2);
});

/** Frames of a client without data: a ping, and an unsolicited pong. */
const PING = Buffer.of(0x89, 0x80, 0, 0, 0, 0);
const PONG = Buffer.of(0x8a, 0x80, 0, 0, 0, 0);

test("the app's WebSocket handlers get no events of the pages' connections to the bundler", async () => {
  await using copy = await Copy.make({ intervalMs: 400 });
  const report = (event: string) => `${event}: () => console.log("the app got ${event}"),`;
  const handlers = ["drain", "ping", "pong"].map(report).join("\n");
  await copy.edit(
    "src/features/socket/routes.ts",
    "maxPayloadLength",
    `${handlers}maxPayloadLength`,
  );
  await using dev = await startDev(copy.folder);
  expect((await fetch(dev.url)).status).toBe(200);
  const url = `${dev.url}/api/live`.replace("http", "ws");
  const app = new WebSocket(url) as WebSocket & Pick<Bun.WebSocket, "ping">;
  app.onopen = () => app.ping();
  await until("the app gets its own events", () => dev.printed().includes("the app got ping"));
  const before = dev.printed().length;
  using slow = await openSlowPage(dev);
  using fast = openFastPage(dev);
  await until("it gets edits", fast.isSubscribed);
  slow.send(PONG, PING);
  const filler = "edit;".padEnd(EDIT_BYTES, "x");
  await copy.edit(APP, "export", `export const filler = "${filler}";\nexport`);
  await until("a page that reads has the edit", () => fast.hasReceived("edit;"));
  await until("the slow page has read it", async () => (await slow.readSome()) > EDIT_BYTES);
  expect(dev.printed().slice(before)).not.toContain("the app got");
  app.close();
});

/** Messages of Bun's client: subscribe to hot updates and errors, and name the page that it shows. */
const SUBSCRIBE = ["she", "n/"];

function openFastPage(dev: Service) {
  const socket = new WebSocket(`${dev.url}/_bun/hmr`.replace("http", "ws"));
  let latest = "";
  let isSubscribed = false;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    for (const message of SUBSCRIBE) socket.send(message);
  };
  socket.onmessage = ({ data }) => {
    // The message that confirms the subscription "n/".
    if (new Uint8Array(data)[0] === "n".charCodeAt(0)) isSubscribed = true;
    if (data.byteLength > EDIT_BYTES) latest = Buffer.from(data).toString("latin1");
  };
  return {
    isSubscribed: () => isSubscribed,
    hasReceived: (text: string) => latest.includes(text),
    [Symbol.dispose]: () => socket.close(),
  };
}

/** A page with an open connection for edits, which is read by `readSome` and `readAll` only, until the server closes it. */
async function openSlowPage(dev: Service) {
  const { hostname, port, host } = new URL(dev.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const fields = Object.entries({ host, ...handshake }).map((field) => field.join(": "));
  socket.write(`GET /_bun/hmr HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  for (const message of SUBSCRIBE) {
    const mask = [0, 0, 0, 0];
    socket.write(Buffer.from([0x81, 0x80 | message.length, ...mask, ...Buffer.from(message)]));
  }
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.pause();
  const readSome = async () => {
    socket.resume();
    await Bun.sleep(10);
    return bytes;
  };
  const readAll = async () => {
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    await closed;
    return bytes;
  };
  const send = (...frames: readonly Buffer[]) => void socket.write(Buffer.concat(frames));
  return { readAll, readSome, send, [Symbol.dispose]: () => socket.destroy() };
}

// A client that does not read: it costs little, is cut, and resumes without a loss; the others notice nothing.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readEvents } from "../src/events/parse.ts";
import { TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

/** A connection that reads only when it is told to. */
class SlowClient {
  readonly #chunks: Uint8Array[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #socket: Bun.Socket | undefined;

  static async open(url: string): Promise<SlowClient> {
    const client = new SlowClient();
    const { hostname, port } = new URL(url);
    client.#socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_, chunk) => {
          client.#chunks.push(Uint8Array.from(chunk));
        },
        end: () => client.#ended.resolve(),
        close: () => client.#ended.resolve(),
        error: () => client.#ended.resolve(),
      },
    });
    // HTTP/1.0: the body has no chunk lengths in it, and ends with the connection.
    client.#socket.write("GET /api/events HTTP/1.0\r\nHost: x\r\n\r\n");
    while (client.#chunks.length === 0) await Bun.sleep(5);
    client.#socket.pause();
    return client;
  }

  /** Reads on to the end of the connection. @returns the ids of the events. */
  async rest(): Promise<string[]> {
    this.#socket?.resume();
    await this.#ended.promise;
    const all = Buffer.concat(this.#chunks);
    const body = new Blob([all.subarray(all.indexOf("\r\n\r\n") + 4)]).stream();
    const events = await Array.fromAsync(readEvents(body));
    return events.map(({ id }) => id);
  }
}

test("is cut when SSE_BUFFER_BYTES wait for it, and resumes where it was", async () => {
  await using server = await TestServer.start({
    SSE_BUFFER_BYTES: "100000",
    SSE_MAX_CLIENTS: "2",
  });
  using attentive = await server.events();
  const slow = await SlowClient.open(server.url);
  const full = await server.fetch("/api/events");
  expect(full.status).toBe(503);

  // The system's own buffers of a connection hold some megabytes; then bytes start to wait.
  const text = "x".repeat(2000);
  const posted: string[] = [];
  let head = full;
  while (head.status === 503) {
    const batch = await Promise.all(Array.from({ length: 50 }, () => server.post(text)));
    posted.push(...batch.map(({ id }) => id));
    await attentive.texts(batch.length);
    head = await server.fetch("/api/events", { method: "HEAD" });
  }
  // It was cut: what comes now is not for this connection.
  posted.push((await server.post("after the cut")).id);
  const received = await slow.rest();
  expect(received.length).toBeLessThan(posted.length);

  using resumed = await server.events({ "last-event-id": received.at(-1) ?? "" });
  for (let i = received.length; i < posted.length; i++) {
    const event = await resumed.next();
    expect(event?.event).toBe("message");
    received.push(event?.id ?? "");
  }
  expect(received.toSorted()).toEqual(posted.toSorted());
});

test.skipIf(process.platform !== "linux")("costs no more memory than its budget", async () => {
  await using server = await TestServer.start({ MESSAGES_KEEP: "100" });
  const rss = async () => {
    const status = await Bun.file(`/proc/${server.pid}/status`).text();
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  };
  const text = "x".repeat(2000);
  const post = async (count: number) => {
    for (let i = 0; i < count; i += 50) {
      await Promise.all(Array.from({ length: 50 }, () => server.post(text)));
    }
  };
  await post(2000);
  const before = await rss();
  const clients = await Promise.all(Array.from({ length: 20 }, () => SlowClient.open(server.url)));
  await post(4000);
  expect((await rss()) - before).toBeLessThan(2 * clients.length);
});

// A client that does not read: its memory is bounded, it is disconnected, and it resumes without a gap.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import { readEvents } from "./parse.ts";

/** A connection that stops reading once the stream has started. */
class SlowConsumer {
  readonly #chunks: Uint8Array[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #socket: Bun.Socket | undefined;

  static async open(url: string): Promise<SlowConsumer> {
    const client = new SlowConsumer();
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
    client.#socket.write("GET /api/events HTTP/1.0\r\nHost: localhost\r\n\r\n");
    while (client.#chunks.length === 0) await Bun.sleep(5);
    client.#socket.pause();
    return client;
  }

  /** Reads until the connection ends. @returns the ids of the events. */
  async readToEnd(): Promise<string[]> {
    this.#socket?.resume();
    await this.#ended.promise;
    const all = Buffer.concat(this.#chunks);
    const body = new Blob([all.subarray(all.indexOf("\r\n\r\n") + 4)]).stream();
    const events = await Array.fromAsync(readEvents(body));
    return events.map(({ id }) => id);
  }
}

test("is disconnected when SSE_BUFFER_BYTES are queued, and resumes where it stopped", async () => {
  await using server = await TestServer.start({
    SSE_BUFFER_BYTES: "100000",
    SSE_MAX_CLIENTS: "2",
  });
  using attentive = await server.events();
  const slow = await SlowConsumer.open(server.url);
  const full = await server.fetch("/api/events");
  expect(full.status).toBe(503);

  // The kernel's socket buffers hold some megabytes; after that the server has to queue.
  const text = "€".repeat(2000);
  const posted: string[] = [];
  let head = full;
  while (head.status === 503) {
    const batch = await Promise.all(Array.from({ length: 50 }, () => server.post(text)));
    posted.push(...batch.map(({ id }) => id));
    await attentive.texts(batch.length);
    head = await server.fetch("/api/events", { method: "HEAD" });
  }
  // The stream is closed: later messages are not sent on this connection.
  posted.push((await server.post("after it closed")).id);
  const received = await slow.readToEnd();
  expect(received.length).toBeLessThan(posted.length);

  using resumed = await server.events({ "last-event-id": received.at(-1) ?? "" });
  for (let i = received.length; i < posted.length; i++) {
    const event = await resumed.next();
    expect(event?.event).toBe("message");
    received.push(event?.id ?? "");
  }
  expect(received.toSorted()).toEqual(posted.toSorted());
});

test.skipIf(process.platform !== "linux")(
  "costs no more memory than SSE_BUFFER_BYTES",
  async () => {
    await using server = await TestServer.start({ MESSAGES_KEEP: "100" });
    const rss = async () => {
      const status = await Bun.file(`/proc/${server.pid}/status`).text();
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    };
    const text = "€".repeat(2000);
    const post = async (count: number) => {
      for (let i = 0; i < count; i += 50) {
        await Promise.all(Array.from({ length: 50 }, () => server.post(text)));
      }
    };
    await post(700);
    const before = await rss();
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => SlowConsumer.open(server.url)),
    );
    await post(1400);
    expect((await rss()) - before).toBeLessThan(2 * clients.length);
  },
);
